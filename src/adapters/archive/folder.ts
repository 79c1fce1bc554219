/** An archive in a folder: compressed lines, each file whole or not there. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Archive } from '../../ports/retention';
import { packing } from './packing';

/** A name is durable when the folder that holds it is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Makes it; the folder is made with the first file. */
export const createFolderArchive = (folder: string): Archive => ({
  store: async (name, lines, signal) => {
    await mkdir(folder, { recursive: true });
    const [file, partial] = [path.join(folder, name), path.join(folder, `.${name}.${randomUUID()}`)];
    try {
      const handle = await open(partial, 'wx');
      let bytes: number;
      try {
        const write = async (packed: AsyncIterable<Buffer>): Promise<void> => {
          for await (const chunk of packed) await handle.appendFile(chunk);
        };
        await packing(lines, write, signal);
        await handle.sync();
        bytes = (await handle.stat()).size;
      } finally {
        await handle.close();
      }
      await rename(partial, file);
      await syncFolder(folder);
      return bytes;
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  },
});
