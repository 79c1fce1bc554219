import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeSettings, loadConfig, type Role, ROLES } from '../../src/config';

const root = path.resolve(__dirname, '../..');
const file = path.join(root, 'docs/configuration.md');

// RECORD=1 npx jest test/config writes the file anew; review the difference.
if (process.env['RECORD'] === '1') writeFileSync(file, describeSettings());

test('docs/configuration.md is what the table says', () => {
  expect(readFileSync(file, 'utf8')).toBe(describeSettings());
});

test.each(ROLES)('the shipped files of the %s are valid and change nothing', (role) => {
  const shipped = loadConfig(role, { configDir: path.join(root, 'config'), env: {}, flags: {} });
  const bare = loadConfig(role, { configDir: path.join(root, 'src'), env: {}, flags: {} });
  expect(shipped).toHaveProperty('config');
  expect('config' in shipped && shipped.config).toEqual('config' in bare && bare.config);
});

test.each(['default', ...ROLES])('every line that %s.yaml offers is a valid setting', (name) => {
  const text = readFileSync(path.join(root, `config/${name}.yaml`), 'utf8').replace(/^(\s+)# (\w+:)/gm, '$1$2');
  const configDir = mkdtempSync(path.join(tmpdir(), 'config-'));
  try {
    writeFileSync(path.join(configDir, `${name}.yaml`), text);
    expect(loadConfig(name === 'default' ? 'scheduler' : (name as Role), { configDir, env: {}, flags: {} })).toHaveProperty('config');
  } finally {
    rmSync(configDir, { recursive: true });
  }
});
