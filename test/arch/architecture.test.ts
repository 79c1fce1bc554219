import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

interface Answer {
  readonly code: number;
  readonly text: string;
}

const arch = (folder: string): Promise<Answer> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['scripts/arch.mjs'], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr });
    });
  });

/** A copy of the checkout's sources and rules with more files in it. */
const planted = (files: readonly (readonly [file: string, text: string])[]): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'arch-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of [
    'src',
    'docs/architecture.md',
    'scripts/arch.mjs',
    '.dependency-cruiser.cjs',
    'tsconfig.json',
    'package.json',
    'web/src',
    'web/tsconfig.json',
  ]) {
    cpSync(path.join(projectRoot, name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [file, text] of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
};

test('every import points the right way, and docs/architecture.md shows the imports that there are', async () => {
  const { code, text } = await arch(projectRoot);
  expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/^\d+ modules, \d+ imports, 0 complaints\n$/) });
});

// One planted violation for each kind of rule: a rule that stopped matching would otherwise pass for ever.
const violations = [
  ['core-imports-nothing', 'src/core/planted.ts', `import { readFileSync } from 'node:fs'; export const x = readFileSync;`],
  ['plan-knows-core-only', 'src/plan/planted.ts', `import type { Clock } from '../ports/clock'; export type X = Clock;`],
  ['stages-are-strangers', 'src/report/plantedStranger.ts', `export * from '../submit/routes';`],
  ['only-submit-plans', 'src/report/plantedPlan.ts', `export * from '../plan/plan';`],
  ['only-roles-choose-adapters', 'src/report/plantedAdapter.ts', `export * from '../adapters/system/clock';`],
  ['only-main-starts-roles', 'src/report/plantedRole.ts', `export * from '../roles/plantedKafka';`],
  ['edge-knows-inner-folders-only', 'src/edge/planted.ts', `export * from '../submit/routes';`],
  ['lifecycle-knows-nobody', 'src/lifecycle/planted.ts', `export * from '../core/ids';`],
  ['routes-know-the-edge-too', 'src/report/routes.ts', `export * from '../adapters/system/clock';`],
  ['routes-know-the-edge-too', 'src/report/routes/planted.ts', `export * from '../../adapters/system/clock';`],
  ['stages-know-inner-folders-only', 'src/report/plantedEdge.ts', `export * from '../edge/requests';`],
  ['home-of-pg', 'src/report/plantedPg.ts', `import { Pool } from 'pg'; export const x = Pool;`],
  ['home-of-kafkajs', 'src/roles/plantedKafka.ts', `import { Kafka } from 'kafkajs'; export const x = Kafka;`],
  ['home-of-redis', 'src/roles/plantedRedis.ts', `import { createClient } from 'redis'; export const x = createClient;`],
  ['home-of-express', 'src/submit/plantedExpress.ts', `import express from 'express'; export const x = express;`],
  ['home-of-prom-client', 'src/report/plantedMetrics.ts', `import { Registry } from 'prom-client'; export const x = Registry;`],
  ['no-dev-packages-in-src', 'src/report/plantedDev.ts', `import fc from 'fast-check'; export const x = fc;`],
  ['no-undeclared', 'src/report/plantedNowhere.ts', `export * from './nowhere';`],
  ['no-drawers', 'src/report/plantedDrawer.ts', `export * from './utils';`],
  ['no-cycles', 'src/report/utils.ts', `export * from './plantedDrawer';`],
  ['no-orphans', 'src/report/plantedOrphan.ts', 'export const x = 1;'],
] as const;

describe('a planted violation is noticed', () => {
  let complaints: string[] = [];
  beforeAll(async () => {
    const { code, text } = await arch(planted(violations.map(([, file, text]) => [file, text])));
    expect(code).toBe(1);
    complaints = text.split('\n');
  });

  test.each(violations)('%s', (rule, file) => {
    expect(complaints).toContainEqual(expect.stringMatching(new RegExp(`^${rule}: .*${file}`)));
  });

  test('a picture that is out of date', () => {
    expect(complaints).toContainEqual(expect.stringContaining('docs/architecture.md shows other imports'));
  });
});
