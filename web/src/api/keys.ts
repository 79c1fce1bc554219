/** Keys of requests: what comes again with the same key is the same request, and is done once. */

/** crypto.randomUUID is there in secure contexts only, and many a scheduler is reached over plain HTTP. */
export const newKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** The key of what is sent: the same one for as long as that is the same text, since an answer may be lost whose request was carried out. */
export const createKeyOf = (): ((text: string) => string) => {
  let last: { readonly text: string; readonly key: string } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, key: newKey() };
    return last.key;
  };
};
