// npm run audit: the packages that the program is made of. Fails on what the lock file alone gives away (lockRules.mjs), on
// known vulnerabilities of high severity in what is installed for use, and where the registry can't be reached. A registry
// that has no audit endpoint can't be asked: what was not checked is then said in capitals, as nothing in here could mend it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { isPlaceholder, problemsOf } from './lockRules.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name) => readFileSync(path.join(root, name), 'utf8');

const AUDIT_MS = 120_000;
/** Answers of a registry that knows no such request. */
const UNKNOWN_REQUEST = new Set([404, 405, 410, 501]);
const SEVERE = ['high', 'critical'];

const say = (lines) => console.log(lines.join('\n'));

/** The image takes the newest release of a major: as new as any that a package may ask for. */
const imageNode = () => {
  const [, major] = /^FROM node:(\d+)/m.exec(read('Dockerfile')) ?? [];
  if (major === undefined) throw new Error('the Dockerfile names no version of Node');
  return `${major}.999.999`;
};

const checkLock = () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  const { allowScripts = {}, engines } = JSON.parse(read('package.json'));
  const nodes = [semver.minVersion(engines.node).version, imageNode()];
  const problems = problemsOf(packages, { allowScripts, nodes });
  const entries = Object.entries(packages).flatMap(([place, entry]) => (place === '' ? [] : [entry]));
  say([
    `Locked are ${entries.length} packages, ${entries.filter(({ dev }) => !dev).length} of them for use. Checked: checksums, sources, install scripts, licences;`,
    `for those in use also deprecation as the lock file knows it, and whether they run on Node ${nodes.join(' and ')}.`,
    `Without a checksum: ${entries.filter(isPlaceholder).length} optional ones for other platforms (scripts/normaliseLock.mjs says why).`,
    ...problems.map((problem) => `  ${problem}`),
  ]);
  return problems.length === 0;
};

const askRegistry = () => {
  const npm = spawnSync('npm', ['audit', '--json', '--omit=dev', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    timeout: AUDIT_MS,
    shell: process.platform === 'win32',
  });
  try {
    return JSON.parse(npm.stdout);
  } catch {
    return { message: npm.error?.message ?? `npm audit answered no JSON: ${npm.stdout}${npm.stderr}` };
  }
};

const sentenceOf = ({ name, severity, via }) =>
  `  ${name}: ${severity}, ${via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : `${cause.title} (${cause.url})`)).join('; ')}`;

const checkVulnerabilities = () => {
  const { vulnerabilities, statusCode, message = 'no vulnerabilities in its answer' } = askRegistry();
  if (vulnerabilities !== undefined) {
    const found = Object.values(vulnerabilities);
    const severe = found.filter(({ severity }) => SEVERE.includes(severity));
    say([
      `Known vulnerabilities in what is for use: ${severe.length} of high severity, ${found.length - severe.length} below.`,
      ...found.map(sentenceOf),
    ]);
    return severe.length === 0;
  }
  if (UNKNOWN_REQUEST.has(statusCode)) {
    say([`NOT CHECKED: KNOWN VULNERABILITIES. The registry answers no audit requests (${message}).`, 'Run npm run audit where it does.']);
    return true;
  }
  say([`The registry could not be asked for known vulnerabilities: ${message}`]);
  return false;
};

// Both are looked at, whatever the first one says.
const results = [checkLock(), checkVulnerabilities()];
process.exitCode = results.every(Boolean) ? 0 : 1;
