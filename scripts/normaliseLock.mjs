// npm run lock: makes package-lock.json the same whichever machine and registry wrote it. Call it after npm install.
// - No `resolved`: it names the registry that happened to be used.
// - Every optional package that another names by an exact version is there, also one for a platform that the registry at
//   hand doesn't offer. npm ci refuses a lock without them, and on other platforms they are the ones needed. Such an entry
//   has no integrity, and its platform is read from its name (`@swc/core-darwin-arm64`).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const platformOf = (name) => {
  const words = name.split('-');
  const [os, cpu] = [systems, processors].map((known) => words.find((word) => known.includes(word)));
  const libc = libraries[words.at(-1)];
  if (!os || !cpu) throw new Error(`${name} doesn't say which platform it is for`);
  return { cpu: [cpu], libc: os === 'linux' && libc ? [libc] : undefined, os: [os] };
};

// As Node looks for it: below the package itself, then below each folder above.
const isLocked = (path, name) => {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
};

for (const entry of Object.values(lock.packages)) delete entry.resolved;
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (!/^\d/.test(version) || isLocked(path, name)) continue;
    const { cpu, libc, os } = platformOf(name);
    // In npm's own order; what is undefined isn't written.
    lock.packages[`node_modules/${name}`] = { version, cpu, dev, libc, optional: true, os };
  }
}
const [[root, own], ...others] = Object.entries(lock.packages);
others.sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries([[root, own], ...others]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
