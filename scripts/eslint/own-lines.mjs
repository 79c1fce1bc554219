/**
 * A function's own lines: its lines without those of the functions inside it, blank ones and comments not counted. A
 * factory that returns closures is judged by what it does itself, and each closure by its own.
 */
const isFunction = (node) => /Function/.test(node.type);

const rule = {
  meta: { type: 'suggestion', schema: [{ type: 'object', properties: { max: { type: 'integer' } }, additionalProperties: false }] },
  create(context) {
    const max = context.options[0]?.max ?? 50;
    const source = context.sourceCode;
    const comments = new Set(source.getAllComments().flatMap(({ loc }) => range(loc.start.line, loc.end.line)));
    const counts = (line) => source.lines[line - 1].trim() !== '' && !(comments.has(line) && /^(\/\/|\/?\*)/.test(source.lines[line - 1].trim()));
    const stack = [];
    const enter = (node) => stack.push({ node, inner: new Set() });
    const leave = (node) => {
      const { inner } = stack.pop();
      const lines = range(node.loc.start.line, node.loc.end.line).filter(counts);
      const own = lines.filter((line) => !inner.has(line)).length;
      // The first line of a closure belongs to whoever holds it.
      const outer = stack.at(-1);
      if (outer) for (const line of lines.slice(1)) outer.inner.add(line);
      if (own > max) context.report({ node, message: `This function has ${own} lines of its own; at most ${max} are read at a glance.` });
    };
    return { ':function': (node) => isFunction(node) && enter(node), ':function:exit': (node) => isFunction(node) && leave(node) };
  },
};

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export default { rules: { 'own-lines': rule } };
