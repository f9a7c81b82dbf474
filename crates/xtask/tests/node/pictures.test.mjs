// The pictures of a terminal, as a browser and librsvg draw them. CHROMIUM names the browser, or else it is looked for on the PATH.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';

const require = createRequire(new URL('../../../../infra/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const docs = new URL('../../../../docs/', import.meta.url);
const read = (name) => readFileSync(new URL(name, docs), 'utf8');

const onPath = (names) =>
  (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
const executablePath =
  process.env.CHROMIUM || onPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
const librsvg = onPath(['rsvg-convert']);
if (!executablePath) {
  console.error('SKIPPED: pictures are drawn by Chromium, which is not installed (Debian, Ubuntu: apt install chromium)');
} else if (!librsvg) {
  console.error('SKIPPED: librsvg is not installed (Debian, Ubuntu: apt install librsvg2-bin; macOS: brew install librsvg)');
}

let browser;
before(async () => {
  // Chromium's own sandbox needs what a container does not give; no other page than ours is opened.
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
after(() => browser?.close());

// Of the picture, in its units.
const [COLUMNS, CELL, LINE, MARGIN, TOP] = [100, 9, 20, 16, 40];
// Pixels for a unit: a comma has some then.
const SCALE = 2;

/** Characters that take two cells. */
const WIDE = /[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/;

/** What stands in each cell, row by row: a character, nothing after one that takes this cell too, or a blank. */
function grid(text) {
  const rows = [];
  for (const line of text.trimEnd().split('\n')) {
    let row = [];
    for (const character of line) {
      const cells = WIDE.test(character) ? [character, ''] : [character];
      if (row.length + cells.length > COLUMNS) {
        rows.push(row);
        row = [];
      }
      row.push(...cells);
    }
    rows.push(row);
  }
  return rows.map((row) => [...row, ...Array(COLUMNS - row.length).fill(' ')]);
}

/** The picture as the browser shows it after its animation. */
async function byBrowser(svg) {
  const page = await browser.newPage({ deviceScaleFactor: SCALE });
  await page.setContent(`<body style="margin:0">${svg}`);
  await page.evaluate(() => document.querySelector('svg').setCurrentTime(60));
  const png = await page.locator('svg').screenshot();
  await page.close();
  return png;
}

const byLibrsvg = (svg) => execFileSync(librsvg, [`--zoom=${SCALE}`], { input: svg, maxBuffer: 1e8 });

/** Whether there is ink in each cell of a picture: in all of it, and in its middle, to which no neighbour's edge reaches. */
async function inkOf(png, rows) {
  const page = await browser.newPage();
  const ink = await page.evaluate(
    async ([data, rows, columns, cell, line, left, top, scale]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const hasInk = (x, y, width, height) => {
        const { data: pixels } = context.getImageData(x * scale, y * scale, width * scale, height * scale);
        for (let at = 4; at < pixels.length; at += 4) if (Math.abs(pixels[at] - pixels[0]) > 40) return true;
        return false;
      };
      return Array.from({ length: rows }, (_, row) =>
        Array.from({ length: columns }, (_, column) => {
          const [x, y] = [left + column * cell, top + row * line];
          return { any: hasInk(x, y, cell, line), middle: hasInk(x + cell / 3, y, cell / 3, line) };
        }),
      );
    },
    [png.toString('base64'), rows, COLUMNS, CELL, LINE, MARGIN, TOP, SCALE],
  );
  await page.close();
  return ink;
}

/** The cells whose character is not seen, and the blank ones in which something is. */
function wrong(expected, ink) {
  return expected.flatMap((row, y) =>
    row.flatMap((character, x) => {
      if (character === ' ') return ink[y][x].middle ? [`row ${y}, cell ${x}: something in a blank cell`] : [];
      const seen = ink[y][x].any || (row[x + 1] === '' && ink[y][x + 1].any);
      return character === '' || seen ? [] : [`row ${y}, cell ${x}: no ${character}`];
    }),
  );
}

for (const [name, draw, missing] of [
  ['a browser', byBrowser, !executablePath],
  ['librsvg', byLibrsvg, !executablePath || !librsvg],
]) {
  for (const theme of ['light', 'dark']) {
    test(`${name} draws each character of the ${theme} picture in its own cells`, { skip: missing && 'not installed' }, async () => {
      const expected = grid(read('picture.txt'));
      const ink = await inkOf(await draw(read(`picture-${theme}.svg`)), expected.length);
      assert.deepEqual(wrong(expected, ink), []);
    });
  }
}
