/** The part of a page that a command writes: it stands between two comments that name it. */
const markersOf = (name: string): readonly [string, string] => [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];

/** What stands between the markers of a page. */
export const blockOf = (page: string, name: string): string => {
  const [beginning, end] = markersOf(name);
  const [from, to] = [page.indexOf(beginning), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`this page has no ${beginning} … ${end}`);
  return page.slice(from + beginning.length, to).trim();
};

export const withBlock = (page: string, name: string, block: string): string => {
  const [beginning, end] = markersOf(name);
  return page.replace(`${beginning}\n${blockOf(page, name)}\n${end}`, () => `${beginning}\n${block}\n${end}`);
};
