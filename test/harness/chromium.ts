/** Pages in the Chromium that is found on the path, without a display. */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { atEnd } from './cleanup';
import { projectRoot } from './processes';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const chromiumOnPath = (): string => {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
  if (found === undefined) throw new Error('no Chromium on the PATH: apt-get install chromium');
  return found;
};

/** Starts the browser; it ends with the test file. */
export const startChromium = async (): Promise<Browser> => {
  // Root has no sandbox, and containers have little shared memory.
  const browser = await chromium.launch({ executablePath: chromiumOnPath(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  atEnd(() => browser.close());
  return browser;
};

export interface Opened {
  readonly page: Page;
  /** What the page complained about: errors of scripts, and whatever the content policy refused. */
  readonly complaints: string[];
}

/** A page of its own, with an eye on its console. */
export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> => {
  const page = await browser.newPage({ viewport: { width: 1360, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce', ...options });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  return { page, complaints };
};

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds wrong with the page as it is: a line for each place. */
export const violationsOf = async (page: Page): Promise<string[]> => {
  // The debugger's own door: the page's content policy lets no script in.
  await page.evaluate(`${AXE}; undefined`);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`));
};

const WIDE = { width: 1360, height: 900 };
/** The narrowest that many people have. */
export const PHONE = { width: 375, height: 800 };

/** What is wider than its frame lets show. */
const widerThanFrame = (page: Page, frame: string): Promise<number> =>
  page.evaluate<number>(
    `(() => { const frame = document.querySelector(${JSON.stringify(frame)}); return frame.scrollWidth - frame.clientWidth; })()`,
  );

/** What axe finds wrong with the page as it is, light, dark, and both on a phone, where `frame` must show all of its width. */
export const wrongInEachLook = async (page: Page, frame = 'html'): Promise<string[]> => {
  const wrong: string[] = [];
  for (const [width, viewport] of [
    ['wide', WIDE],
    ['phone', PHONE],
  ] as const) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      wrong.push(...(await violationsOf(page)).map((line) => `${width}, ${colorScheme}: ${line}`));
    }
    const wider = await widerThanFrame(page, frame);
    if (wider > 0) wrong.push(`${width}: ${wider} pixels are cut off`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDE);
  return wrong;
};

/** Where the project lies on the machine that takes a picture says nothing to whoever sees it: stacks of errors tell. */
const WITHOUT_PATHS = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(${JSON.stringify(projectRoot)}, '/app');
})()`;

/** Keeps a picture of the page in docs/images, with RECORD=1 alone. */
export const picture = async (page: Page, name: string): Promise<void> => {
  if (process.env['RECORD'] !== '1') return;
  const folder = path.join(projectRoot, 'docs/images');
  mkdirSync(folder, { recursive: true });
  await page.evaluate(WITHOUT_PATHS);
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
};
