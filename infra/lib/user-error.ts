/**
 * Something the person at the keyboard can put right. Its message is the one
 * sentence that they read; it is printed without a stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}
