/** `npm run audit` on copies of this project's lock file, against registries that answer and refuse. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { projectRoot } from '../harness/processes';

const AUDIT_MS = 60_000;
const BULK = '/-/npm/v1/security/advisories/bulk';
const COPIED = ['package.json', 'package-lock.json', 'Dockerfile', 'scripts/audit.mjs', 'scripts/lockRules.mjs'];

type Entry = Record<string, unknown>;
type Packages = Record<string, Entry>;

interface Registry {
  readonly status: number;
  /** What the registry knows of packages, by name. */
  readonly advisories?: Readonly<Record<string, readonly Entry[]>>;
}

const startRegistry = async ({ status, advisories }: Registry): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const known = request.url === BULK;
      response.writeHead(known ? status : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify((known ? advisories : undefined) ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A project with our lock file, changed. */
const projectWith = (change: (packages: Packages) => void): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'audit-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  mkdirSync(path.join(folder, 'scripts'));
  for (const name of COPIED) cpSync(path.join(projectRoot, name), path.join(folder, name));
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const file = path.join(folder, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages };
  change(lock.packages);
  writeFileSync(file, JSON.stringify(lock));
  return folder;
};

const unchanged = (): void => undefined;

interface Audited {
  readonly code: unknown;
  readonly output: string;
}

const audit = (folder: string, registry: string): Promise<Audited> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: folder, npm_config_registry: registry, npm_config_fetch_retries: '0' };
    execFile(process.execPath, ['scripts/audit.mjs'], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr });
    });
  });

const advisory = (severity: string): Entry => ({
  id: 1,
  url: 'https://example.org/GHSA-1',
  title: 'a hole',
  severity,
  vulnerable_versions: '<99.0.0',
  cwe: [],
  cvss: { score: 8, vectorString: null },
});

test(
  'a known hole of high severity in what is for use fails, and every known one is named',
  async () => {
    const advisories = {
      kafkajs: [advisory('high')],
      pino: [advisory('moderate')],
      jest: [advisory('critical')],
      redis: [{ ...advisory('high'), vulnerable_versions: '<1.0.0' }],
    };
    const { code, output } = await audit(projectWith(unchanged), await startRegistry({ status: 200, advisories }));
    expect(code).toBe(1);
    expect(output).toContain('in what is for use: 1 of high severity, 1 below');
    expect(output).toContain('kafkajs: high, a hole (https://example.org/GHSA-1)');
    expect(output).toContain('pino: moderate, a hole (https://example.org/GHSA-1)');
    expect(output).not.toMatch(/^ +(jest|redis):/m);
  },
  AUDIT_MS,
);

test(
  'holes below that, and in tools of development, pass',
  async () => {
    const advisories = { pino: [advisory('moderate')], jest: [advisory('critical')] };
    const { code, output } = await audit(projectWith(unchanged), await startRegistry({ status: 200, advisories }));
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('0 of high severity, 1 below') as string });
    expect(output).not.toContain('NOT CHECKED');
  },
  AUDIT_MS,
);

test(
  'a registry that answers no audit requests passes, and what was not checked is said',
  async () => {
    const audited = await audit(projectWith(unchanged), await startRegistry({ status: 405 }));
    expect(audited).toEqual({ code: 0, output: expect.stringContaining('NOT CHECKED: KNOWN VULNERABILITIES') as string });
  },
  AUDIT_MS,
);

test(
  'a registry that is broken or away fails',
  async () => {
    const registries = [await startRegistry({ status: 503 }), `http://127.0.0.1:${await freePort()}`];
    for (const registry of registries) {
      const audited = await audit(projectWith(unchanged), registry);
      expect(audited).toEqual({ code: 1, output: expect.stringContaining('could not be asked for known vulnerabilities') as string });
    }
  },
  AUDIT_MS,
);

test(
  'what the lock file gives away fails where no registry can be asked',
  async () => {
    const faults: Readonly<Record<string, readonly [Entry, string]>> = {
      ajv: [{ integrity: undefined }, 'has no sha512 checksum (none at all)'],
      commander: [{ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'has no sha512 checksum (sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=)'],
      express: [{ resolved: 'https://example.org/e.tgz' }, 'names its registry (https://example.org/e.tgz): npm run lock'],
      kafkajs: [{ version: 'git+ssh://git@example.org/k.git#1' }, 'comes from no registry'],
      pg: [{ hasInstallScript: true }, 'has an install script that nobody has decided about: add it to allowScripts in package.json'],
      pino: [{ license: '(MIT AND GPL-3.0)' }, 'has a licence that is not on the list of scripts/lockRules.mjs: (MIT AND GPL-3.0)'],
      'prom-client': [{ license: 'MPL-2.0' }, 'has a licence that is not on the list of scripts/lockRules.mjs: MPL-2.0'],
      qs: [{ license: undefined }, 'has a licence that is not on the list of scripts/lockRules.mjs: none'],
      redis: [{ deprecated: 'use another' }, 'is deprecated: use another'],
      typeorm: [{ engines: { node: '>=22' } }, "doesn't run on Node 20.19.0: it wants >=22"],
      yaml: [{ engines: { node: '^20.0.0' } }, "doesn't run on Node 24.999.999: it wants ^20.0.0"],
      jest: [{ deprecated: 'use another', engines: { node: '>=22' } }, ''],
    };
    const project = projectWith((packages) => {
      for (const [name, [changes]] of Object.entries(faults)) Object.assign(packages[`node_modules/${name}`]!, changes);
      delete packages['node_modules/@swc/core']!.hasInstallScript;
    });
    const { code, output } = await audit(project, await startRegistry({ status: 405 }));
    expect(code).toBe(1);
    const told = output.split('\n').flatMap((line) => /^ {2}(@?[\w/-]+)(?: [^ ]+)?: (.*)$/.exec(line)?.slice(1) ?? []);
    const expected = Object.entries(faults).flatMap(([name, [, sentence]]) => (sentence === '' ? [] : [name, sentence]));
    expect(told).toEqual([...expected, '@swc/core', 'stands in allowScripts of package.json but has no install script']);
  },
  AUDIT_MS,
);
