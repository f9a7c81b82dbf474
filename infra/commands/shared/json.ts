/** The value of a JSON text, or undefined where the text is not JSON. A schema refuses undefined like any other wrong value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
