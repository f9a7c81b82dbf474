/** Whether a program reads the output: JSON=1 after `make`, or --json. */
export const wantsJson = (): boolean => isOn('JSON') || process.argv.includes('--json');

/** A switch that is typed after `make TARGET`, such as CALL=1. */
export const isOn = (name: string): boolean => /^(1|true|yes)$/i.test(process.env[name]?.trim() ?? '');
