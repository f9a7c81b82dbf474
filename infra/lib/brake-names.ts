/** The alarm that the brake waits for, by its function's name. */
export const limitAlarmName = (functionName: string): string => `${functionName}-daily-limit`;

/** The state machine that is the brake. */
export const brakeName = (functionName: string): string => `${functionName}-brake`;
