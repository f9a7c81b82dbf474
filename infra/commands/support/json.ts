/** What the text says as JSON; undefined where it is none, which a schema then refuses like anything else that does not fit. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
