// What package-lock.json and package.json tell of the packages by themselves, without asking anyone. Pure.
import semver from 'semver';

/** Licences that leave a user of this project free; each name in an expression has to be one of them. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

/** Of tools besides: their files stay free when they are changed and handed on, and a tool that builds or tests is neither. */
const LICENCES_OF_TOOLS = new Set(['MPL-2.0']);

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const isFor = ({ os, cpu }) => os !== undefined || cpu !== undefined;

/** An optional package for a platform, added by scripts/normaliseLock.mjs where the registry at hand doesn't offer it. */
export const isPlaceholder = ({ integrity, license, optional, ...entry }) =>
  integrity === undefined && license === undefined && optional === true && isFor(entry);

const checksum = (entry) =>
  isPlaceholder(entry) || /^sha512-/.test(entry.integrity ?? '') ? [] : [`has no sha512 checksum (${entry.integrity ?? 'none at all'})`];

const source = ({ link, version, resolved }) => {
  if (link === true || semver.valid(version) === null) return ['comes from no registry'];
  return resolved === undefined ? [] : [`names its registry (${resolved}): npm run lock`];
};

const installScript = ({ hasInstallScript }, name, { allowScripts }) =>
  hasInstallScript !== true || typeof allowScripts[name] === 'boolean'
    ? []
    : ['has an install script that nobody has decided about: add it to allowScripts in package.json'];

const licence = (entry) => {
  if (isPlaceholder(entry)) return [];
  const names = String(entry.license ?? 'none')
    .split(/[\s()]+|\b(?:AND|OR)\b/)
    .filter(Boolean);
  return names.every((name) => LICENCES.has(name) || (entry.dev === true && LICENCES_OF_TOOLS.has(name)))
    ? []
    : [`has a licence that is not on the list of scripts/lockRules.mjs: ${entry.license ?? 'none'}`];
};

const deprecation = ({ deprecated, dev }) => (deprecated === undefined || dev === true ? [] : [`is deprecated: ${deprecated}`]);

/** The program runs on the oldest Node that package.json promises, and on the image's. */
const engine = ({ engines, dev }, _name, { nodes }) =>
  dev === true || engines?.node === undefined
    ? []
    : nodes.filter((node) => !semver.satisfies(node, engines.node)).map((node) => `doesn't run on Node ${node}: it wants ${engines.node}`);

const RULES = [checksum, source, installScript, licence, deprecation, engine];

const staleDecisions = (packages, { allowScripts }) => {
  const names = new Set(Object.entries(packages).flatMap(([path, { hasInstallScript }]) => (hasInstallScript ? [nameOf(path)] : [])));
  return Object.keys(allowScripts)
    .filter((name) => !names.has(name))
    .map((name) => `${name}: stands in allowScripts of package.json but has no install script`);
};

/** Each thing that is wrong with the locked packages, as a sentence. `nodes` are versions of Node that the program must run on. */
export const problemsOf = (packages, { allowScripts, nodes }) => [
  ...Object.entries(packages)
    .filter(([path]) => path !== '')
    .flatMap(([path, entry]) =>
      RULES.flatMap((rule) => rule(entry, nameOf(path), { allowScripts, nodes })).map((problem) => `${nameOf(path)} ${entry.version}: ${problem}`),
    ),
  ...staleDecisions(packages, { allowScripts }),
];
