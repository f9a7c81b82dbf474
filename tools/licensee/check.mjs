// Checks the licences of the packages that are installed in a folder, by its .licensee.json. What that excepts is for development:
// what the folder's package depends on is checked a second time, without exceptions, which licensee's own command cannot do.
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import licensee from 'licensee';

const [folder] = process.argv.slice(2);
const { licenses, packages, ignore } = JSON.parse(readFileSync(`${folder}/.licensee.json`, 'utf8'));
const check = promisify(licensee);

for (const [configuration, wrong] of [
  [{ licenses, packages, ignore }, '.licensee.json allows neither its licence nor the package'],
  [{ licenses, packages: {}, productionOnly: true }, 'its licence is excepted for development alone, and the package is depended on'],
]) {
  for (const { name, version, license, approved } of await check(configuration, folder)) {
    if (approved) continue;
    console.error(`${folder}: ${name}@${version} is ${license || 'of no licence'}: ${wrong}.`);
    process.exitCode = 1;
  }
}
