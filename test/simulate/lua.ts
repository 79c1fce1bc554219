/**
 * Runs the product's own Redis scripts without Redis: the part of Lua that such scripts use, compiled to JavaScript. What it
 * does not know it refuses when the script is compiled.
 */
import { createLuaLibrary, LuaTable, tableOf, type LuaValue } from './luaLibrary';
import { type Token, tokenize } from './luaTokens';

/** An expression in JavaScript; a call may have several values. */
interface Code {
  readonly js: string;
  readonly isCall?: true;
  /** How to assign to it, where that can be done. */
  readonly assign?: (value: string) => string;
}

const one = ({ js, isCall }: Code): string => (isCall === true ? `one(${js})` : js);

const BINARY: readonly (readonly [readonly string[], (op: string, left: string, right: string) => string])[] = [
  [['or'], (_, left, right) => `or(${left}, () => ${right})`],
  [['and'], (_, left, right) => `and(${left}, () => ${right})`],
  [
    ['<', '>', '<=', '>=', '==', '~='],
    (op, left, right) => (op === '==' ? `(${left} === ${right})` : op === '~=' ? `(${left} !== ${right})` : `compare(${left}, ${right}) ${op} 0`),
  ],
  [['..'], (_, left, right) => `(text(${left}) + text(${right}))`],
  [['+', '-'], (op, left, right) => `(number(${left}) ${op} number(${right}))`],
  [['*', '/', '%'], (op, left, right) => (op === '%' ? `modulo(${left}, ${right})` : `(number(${left}) ${op} number(${right}))`)],
];

class Compiler {
  private at = 0;
  private readonly scopes: Set<string>[] = [new Set()];

  constructor(private readonly tokens: readonly Token[]) {}

  program(): string {
    return this.block();
  }

  private peek(): Token {
    return this.tokens[this.at]!;
  }
  private is(text: string): boolean {
    const token = this.peek();
    return token.kind === 'symbol' && token.text === text;
  }
  private take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }
  private expect(text: string): void {
    if (!this.take(text)) throw new SyntaxError(`Lua: ${text} was expected at ${this.peek().text}`);
  }
  private name(): string {
    const token = this.peek();
    if (token.kind !== 'name') throw new SyntaxError(`Lua: a name was expected at ${token.text}`);
    this.at += 1;
    return token.text;
  }

  private block(names: readonly string[] = []): string {
    this.scopes.push(new Set(names));
    const statements: string[] = [];
    while (this.peek().kind !== 'end' && !['end', 'else', 'elseif', 'until'].some((word) => this.is(word))) {
      if (!this.take(';')) statements.push(this.statement());
    }
    this.scopes.pop();
    return statements.join('\n');
  }

  private declare(name: string): string {
    this.scopes.at(-1)!.add(name);
    return `$${name}`;
  }

  private statement(): string {
    if (this.take('local')) return this.local();
    if (this.take('if')) return this.conditional();
    if (this.take('while')) {
      const condition = one(this.expression());
      this.expect('do');
      const body = this.block();
      this.expect('end');
      return `while (truthy(${condition})) {\n${body}\n}`;
    }
    if (this.take('for')) return this.loop();
    if (this.take('break')) return 'break;';
    if (this.take('return')) return this.returned();
    if (this.take('do')) {
      const body = this.block();
      this.expect('end');
      return `{\n${body}\n}`;
    }
    return this.assignmentOrCall();
  }

  private local(): string {
    if (this.take('function')) {
      const name = this.declare(this.name());
      return `const ${name} = ${this.functionBody()};`;
    }
    const names = [this.name()];
    while (this.take(',')) names.push(this.name());
    const values = this.take('=') ? this.list() : [];
    const declared = names.map((name) => this.declare(name));
    if (names.length === 1) return `let ${declared[0]!} = ${values[0] === undefined ? 'undefined' : one(values[0])};`;
    return `let [${declared.join(', ')}] = ${this.spread(values)};`;
  }

  private spread(values: readonly Code[]): string {
    return `[${values.map((value, i) => (value.isCall === true && i === values.length - 1 ? `...all(${value.js})` : one(value))).join(', ')}]`;
  }

  private conditional(): string {
    let js = '';
    let word = 'if';
    do {
      const condition = one(this.expression());
      this.expect('then');
      js += `${word} (truthy(${condition})) {\n${this.block()}\n}`;
      word = ' else if';
    } while (this.take('elseif'));
    if (this.take('else')) js += ` else {\n${this.block()}\n}`;
    this.expect('end');
    return js;
  }

  private loop(): string {
    const names = [this.name()];
    while (this.take(',')) names.push(this.name());
    if (this.take('=')) {
      const [from, to, step] = this.list().map(one);
      this.expect('do');
      const body = this.block(names);
      this.expect('end');
      return `for (let $${names[0]!} = number(${from!}), to = number(${to!}), step = number(${step ?? '1'}); step > 0 ? $${names[0]!} <= to : $${names[0]!} >= to; $${names[0]!} += step) {\n${body}\n}`;
    }
    this.expect('in');
    const over = this.expression().js;
    this.expect('do');
    const body = this.block(names);
    this.expect('end');
    return `for (let [${names.map((name) => `$${name}`).join(', ')}] of ${over}) {\n${body}\n}`;
  }

  private returned(): string {
    const isLast = this.peek().kind === 'end' || ['end', 'else', 'elseif', ';'].some((word) => this.is(word));
    const values = isLast ? [] : this.list();
    if (values.length === 0) return 'return undefined;';
    return values.length === 1 ? `return ${values[0]!.js};` : `return ${this.spread(values)};`;
  }

  private assignmentOrCall(): string {
    const first = this.suffixed();
    if (!this.is('=') && !this.is(',')) return `${first.js};`;
    const targets = [first];
    while (this.take(',')) targets.push(this.suffixed());
    this.expect('=');
    const values = this.list();
    if (targets.some(({ assign }) => assign === undefined)) throw new SyntaxError('Lua: this cannot be assigned to');
    if (targets.length === 1) return `${first.assign!(one(values[0]!))};`;
    return `{ const values = ${this.spread(values)}; ${targets.map(({ assign }, i) => `${assign!(`values[${String(i)}]`)};`).join(' ')} }`;
  }

  private list(): Code[] {
    const values = [this.expression()];
    while (this.take(',')) values.push(this.expression());
    return values;
  }

  private expression(level = 0): Code {
    const operators = BINARY[level];
    if (operators === undefined) return this.unary();
    let left = this.expression(level + 1);
    for (;;) {
      const operator = operators[0].find((symbol) => this.is(symbol));
      if (operator === undefined) return left;
      this.at += 1;
      const right = this.expression(operator === '..' ? level : level + 1);
      left = { js: operators[1](operator, one(left), one(right)) };
    }
  }

  private unary(): Code {
    if (this.take('not')) return { js: `!truthy(${one(this.unary())})` };
    if (this.take('#')) return { js: `size(${one(this.unary())})` };
    if (this.take('-')) return { js: `-number(${one(this.unary())})` };
    return this.simple();
  }

  private simple(): Code {
    const token = this.peek();
    if (token.kind === 'number' || token.kind === 'text') {
      this.at += 1;
      return { js: token.kind === 'number' ? String(Number(token.text)) : JSON.stringify(token.text) };
    }
    if (this.take('nil')) return { js: 'undefined' };
    if (this.take('true')) return { js: 'true' };
    if (this.take('false')) return { js: 'false' };
    if (this.take('{')) return this.table();
    if (this.take('function')) return { js: this.functionBody() };
    return this.suffixed();
  }

  private suffixed(): Code {
    let code: Code;
    if (this.take('(')) {
      code = { js: `(${one(this.expression())})` };
      this.expect(')');
    } else code = this.variable();
    for (;;) {
      if (this.take('.')) code = this.member(one(code), JSON.stringify(this.name()));
      else if (this.take('[')) {
        code = this.member(one(code), one(this.expression()));
        this.expect(']');
      } else if (this.take('(')) {
        const values = this.is(')') ? [] : this.list();
        this.expect(')');
        code = { js: `${one(code)}(${this.spread(values).slice(1, -1)})`, isCall: true };
      } else return code;
    }
  }

  private variable(): Code {
    const name = this.name();
    const isLocal = this.scopes.some((scope) => scope.has(name));
    return isLocal ? { js: `$${name}`, assign: (value) => `$${name} = ${value}` } : { js: `_${name}` };
  }

  private member(of: string, key: string): Code {
    return { js: `get(${of}, ${key})`, assign: (value) => `set(${of}, ${key}, ${value})` };
  }

  private table(): Code {
    const entries: string[] = [];
    const items: Code[] = [];
    while (!this.take('}')) {
      const token = this.peek();
      const next = this.tokens[this.at + 1];
      if (token.kind === 'name' && next?.text === '=' && next.kind === 'symbol') {
        this.at += 2;
        entries.push(`[${JSON.stringify(token.text)}, ${one(this.expression())}]`);
      } else if (this.take('[')) {
        const key = one(this.expression());
        this.expect(']');
        this.expect('=');
        entries.push(`[${key}, ${one(this.expression())}]`);
      } else items.push(this.expression());
      if (!this.take(',')) this.take(';');
    }
    return { js: `table(${this.spread(items)}, [${entries.join(', ')}])` };
  }

  private functionBody(): string {
    this.expect('(');
    const names: string[] = [];
    while (!this.take(')')) {
      names.push(this.name());
      this.take(',');
    }
    const body = this.block(names);
    this.expect('end');
    return `(${names.map((name) => `$${name}`).join(', ')}) => {\n${body}\n}`;
  }
}

/** A Redis script, compiled: `call` is redis.call, the answer what Redis would answer. */
export type CompiledScript = (argv: readonly string[], call: (...args: string[]) => LuaValue) => unknown;

const reply = (value: unknown): unknown => {
  if (Array.isArray(value)) return reply(value[0]);
  if (value instanceof LuaTable) {
    const all: unknown[] = [];
    for (const item of value.items) {
      if (item === undefined) break;
      all.push(reply(item));
    }
    return all;
  }
  if (typeof value === 'number') return Math.trunc(value);
  if (value === true) return 1;
  return value === false || value === undefined ? null : value;
};

export const compileScript = (source: string): CompiledScript => {
  const { operators, globals, enter } = createLuaLibrary();
  const js = new Compiler(tokenize(source)).program();
  const names = [...Object.keys(operators), ...Object.keys(globals).map((name) => `_${name}`), '_ARGV'];
  // The text is this repository's own script, compiled by the lines above.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function(...names, `'use strict';\n${js}`) as (...args: unknown[]) => unknown;
  const values = [...Object.values(operators), ...Object.values(globals)];
  return (argv, call) => {
    enter(call);
    return reply(run(...values, tableOf([...argv])));
  };
};
