import type { ModelRow } from './models.ts';

/** Countries of the regions that models.json routes to. */
const COUNTRIES: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'Japan',
  'ap-northeast-2': 'Korea',
  'ap-northeast-3': 'Japan',
  'ap-south-1': 'India',
  'ap-southeast-1': 'Singapore',
  'ap-southeast-2': 'Australia',
};

/** Countries where a prompt may be processed, none for a global profile: there it may be any. */
export function countriesOf({ destinationRegions }: ModelRow): string[] {
  return [...new Set(destinationRegions.map((region) => COUNTRIES[region] ?? region))];
}
