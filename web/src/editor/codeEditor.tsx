/**
 * A code editor. It lives in a shadow root, where its styles are set by script objects and not by elements: the policy of the
 * page allows no style that is written into the document.
 */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, foldGutter, indentOnInput, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'preact/hooks';

export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** What can be asked of an editor that is there. */
export interface EditorHandle {
  /** Puts the cursor there and shows it. */
  show(from: number, to: number): void;
  /** Puts another text in place of what is there. */
  write(text: string): void;
}

interface EditorProps {
  readonly label: string;
  readonly language: 'json' | 'yaml';
  /** What is there at first. From then on the text is the editor's: a page that gave back what it was told late would be told of that in turn, without end. */
  readonly initial: string;
  readonly changed: (text: string) => void;
  readonly marks: readonly Mark[];
  readonly handle: (handle: EditorHandle) => void;
}

const THEME = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', color: 'var(--ink)', backgroundColor: 'var(--surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-code)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { color: 'var(--ink-faint)', backgroundColor: 'var(--surface-sunken)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-soft)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--surface-raised)', border: '1px solid var(--line-strong)' },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.content], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--warn)' },
  { tag: tags.comment, color: 'var(--ink-faint)', fontStyle: 'italic' },
]);

const languageOf = (language: EditorProps['language']): Extension => (language === 'json' ? json() : yaml());

const extensionsOf = (label: string, language: Extension, changed: (text: string) => void): Extension[] => [
  lineNumbers(),
  foldGutter(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  highlightActiveLine(),
  lintGutter(),
  syntaxHighlighting(COLOURS),
  THEME,
  // Tab moves on to the next field, as it does everywhere: who uses the keyboard alone must be able to leave.
  keymap.of([...defaultKeymap, ...historyKeymap]),
  language,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
  EditorView.updateListener.of((update) => {
    if (update.docChanged) changed(update.state.doc.toString());
  }),
];

const diagnosticsOf = (marks: readonly Mark[], length: number): Diagnostic[] =>
  marks.map(({ from, to, message }) => ({ from: Math.min(from, length), to: Math.min(Math.max(from, to), length), severity: 'error', message }));

const handleOf = (view: EditorView): EditorHandle => ({
  show: (from, to) => {
    const { length } = view.state.doc;
    view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) }, scrollIntoView: true });
    view.focus();
  },
  write: (text) => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  },
});

export const CodeEditor = ({ label, language, initial, changed, marks, handle }: EditorProps) => {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const languages = useRef(new Compartment());
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const extensions = extensionsOf(label, languages.current.of(languageOf(language)), (next) => {
      latest.current(next);
    });
    const made = new EditorView({ state: EditorState.create({ doc: initial, extensions }), parent: root, root });
    view.current = made;
    handle(handleOf(made));
    return () => {
      made.destroy();
    };
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: languages.current.reconfigure(languageOf(language)) });
  }, [language]);
  useEffect(() => {
    const there = view.current;
    if (there !== undefined) there.dispatch(setDiagnostics(there.state, diagnosticsOf(marks, there.state.doc.length)));
  }, [marks]);
  return <div class="editor" ref={host} />;
};
