/** Lists as the values of records: `{"v":1,"NAME":[…]}`. */

const VERSION = 1;

export interface ListRecord {
  readonly value: string;
  /** How many items it holds. */
  readonly count: number;
}

export interface ListRecords<T> {
  /** Records in order, each below the limit where a single item is. */
  encode(items: readonly T[]): ListRecord[];
  /** Throws where it is no such list; the shape of the items is the reader's business. */
  decode(value: Buffer | null): readonly T[];
}

/** Makes what writes and reads the lists called `name`, in values of at most `limit` bytes. */
export const listRecords = <T>(name: string, limit: number): ListRecords<T> => ({
  encode: (items) => {
    const records: ListRecord[] = [];
    let texts: string[] = [];
    let size = 0;
    const flush = (): void => {
      if (texts.length > 0) records.push({ value: `{"v":${String(VERSION)},"${name}":[${texts.join(',')}]}`, count: texts.length });
      texts = [];
      size = 0;
    };
    for (const item of items) {
      const text = JSON.stringify(item);
      // Brokers count bytes, of which a character has up to three.
      const bytes = Buffer.byteLength(text);
      if (size + bytes > limit) flush();
      texts.push(text);
      size += bytes;
    }
    flush();
    return records;
  },
  decode: (value) => {
    const parsed: unknown = JSON.parse(value?.toString('utf8') ?? 'null');
    const { v, [name]: items } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Readonly<Record<string, unknown>>;
    if (v !== VERSION) throw new Error('not a record of this version');
    if (!Array.isArray(items)) throw new Error(`a record without a list of ${name}`);
    return items as T[];
  },
});
