import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFolderArchive } from '../../../src/adapters/archive/folder';
import { archiveContract } from '../../contract/archive';
import { atEnd } from '../../harness/cleanup';

archiveContract(() => {
  const parent = mkdtempSync(path.join(tmpdir(), 'archive-'));
  atEnd(() => {
    rmSync(parent, { recursive: true });
  });
  const folder = path.join(parent, 'made', 'there');
  return Promise.resolve({
    archive: createFolderArchive(folder),
    names: () => Promise.resolve(readdirSync(folder).sort()),
    read: (name) => Promise.resolve(readFileSync(path.join(folder, name))),
  });
});
