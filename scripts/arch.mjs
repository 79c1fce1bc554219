// npm run arch: fails when an import points the wrong way, or when the picture of the imports between folders in
// docs/architecture.md isn't the one that the imports make. npm run arch -- --record rewrites the picture.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const document = 'docs/architecture.md';
const { options, ...ruleSet } = createRequire(import.meta.url)(`${root}/.dependency-cruiser.cjs`);

const folderOf = (path) => /^src\/(adapters\/[^/]+|[^/]+?)(\/|[.]ts$)/.exec(path)?.[1];

/** Mermaid text with one arrow for each pair of folders of which the first imports from the second. */
const draw = (modules) => {
  const arrows = new Set();
  for (const { source, dependencies } of modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)];
      if (from && to && from !== to) arrows.add(`  ${from} --> ${to}`);
    }
  }
  return ['```mermaid', 'flowchart LR', ...[...arrows].sort(), '```'].join('\n');
};

const between = /(<!-- imports:begin -->\n)([\s\S]*?)(\n<!-- imports:end -->)/;

const { output } = await cruise(['src', 'web/src'], { ...options, ruleSet, validate: true }, undefined, {
  tsConfig: extractTSConfig('tsconfig.json'),
});
const complaints = output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from}${from === to ? '' : ` → ${to}`}`);

const text = readFileSync(document, 'utf8');
const drawn = draw(output.modules);
if (process.argv.includes('--record'))
  writeFileSync(
    document,
    text.replace(between, (_all, begin, _old, end) => begin + drawn + end),
  );
else if (between.exec(text)?.[2] !== drawn) complaints.push(`${document} shows other imports than there are: npm run arch -- --record`);

for (const complaint of complaints) console.error(complaint);
console.log(`${output.summary.totalCruised} modules, ${output.summary.totalDependenciesCruised} imports, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
