/** A column: its heading, and whether its cells are aligned right, as numbers are. */
export interface Column {
  readonly heading: string;
  readonly right?: boolean;
}

/** A table as text, with two spaces between columns and none at the end of a line. */
export function columns(headings: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [headings.map(({ heading }) => heading), ...rows];
  const widths = headings.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  const cell = (text: string, index: number): string =>
    headings[index]?.right ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n');
}
