/** Payloads as JSON text: written once here, and never parsed again before the handler. */

/** Bytes of a text in UTF-8. */
export const utf8Bytes = (text: string): number => {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
};

/** JSON text of a payload, null for none, undefined where it is nested too deeply to be written. */
export const payloadText = (payload: unknown): string | null | undefined => {
  if (payload === undefined || payload === null) return null;
  try {
    return JSON.stringify(payload);
  } catch {
    return undefined;
  }
};
