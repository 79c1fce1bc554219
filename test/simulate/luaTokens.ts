/** The words of Lua. */
export type Token = { readonly kind: 'name' | 'number' | 'text' | 'symbol' | 'end'; readonly text: string };

const SPACE = /^(?:\s+|--\[\[[\s\S]*?\]\]|--[^\n]*)/;
const SYMBOL = /^(?:\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^#<>=(){}[\];:,.])/;
const NAME = /^[A-Za-z_]\w*/;
const NUMBER = /^(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)/;
const TEXT = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/;
const KEYWORDS = new Set('and break do else elseif end false for function if in local nil not or repeat return then true until while'.split(' '));

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char));

export const tokenize = (source: string): Token[] => {
  const tokens: Token[] = [];
  let rest = source;
  while (rest.length > 0) {
    const space = SPACE.exec(rest);
    const text = space === null ? TEXT.exec(rest) : null;
    const found = space ?? text ?? NAME.exec(rest) ?? NUMBER.exec(rest) ?? SYMBOL.exec(rest);
    if (found === null) throw new SyntaxError(`no Lua that is known here: ${rest.slice(0, 40)}`);
    if (text !== null) tokens.push({ kind: 'text', text: unescaped(text[1] ?? text[2] ?? '') });
    else if (space === null) {
      const kind = NAME.test(found[0]) ? (KEYWORDS.has(found[0]) ? 'symbol' : 'name') : NUMBER.test(found[0]) ? 'number' : 'symbol';
      tokens.push({ kind, text: found[0] });
    }
    rest = rest.slice(found[0].length);
  }
  return [...tokens, { kind: 'end', text: '' }];
};
