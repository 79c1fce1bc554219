/** Writes a DAG: checked as it is written, seen before it is sent. */
import { useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../api/client';
import { createKeyOf } from '../api/keys';
import { CodeEditor, type EditorHandle } from '../editor/codeEditor';
import { Page } from '../layout/layout';
import { StatusShape } from '../parts/badge';
import { plural } from '../parts/format';
import { Failure } from '../parts/notices';
import { lookOf } from '../parts/status';
import { tell, tellFailure } from '../parts/toasts';
import { dagPath } from '../routing/paths';
import { go } from '../routing/router';
import { useVerdict, type Verdict } from './submit/check';
import { converted, type Format, parse, type Problem } from './submit/document';
import { EXAMPLES, type Example } from './submit/examples';
import { tasksIn } from './submit/layers';
import { Preview } from './submit/preview';

const FORMATS: readonly (readonly [Format, string])[] = [
  ['json', 'JSON'],
  ['yaml', 'YAML'],
];

interface ChooserProps {
  readonly format: Format;
  readonly change: (format: Format) => void;
  readonly load: (example: Example) => void;
}

const Chooser = ({ format, change, load }: ChooserProps) => (
  <div class="filters">
    <div class="chips" role="group" aria-label="Format">
      <span class="chips-name">Format</span>
      {FORMATS.map(([name, title]) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-pressed={name === format}
          onClick={() => {
            change(name);
          }}
        >
          {title}
        </button>
      ))}
    </div>
    <div class="chips" role="group" aria-label="Examples">
      <span class="chips-name">Examples</span>
      {EXAMPLES.map((example) => (
        <button
          key={example.name}
          type="button"
          class="chip"
          onClick={() => {
            load(example);
          }}
        >
          {example.name}
        </button>
      ))}
    </div>
  </div>
);

interface ProblemsProps {
  readonly problems: readonly Problem[];
  readonly show: (problem: Problem) => void;
}

const Problems = ({ problems, show }: ProblemsProps) => (
  <ul class="problems">
    {problems.map((problem) => (
      <li key={`${problem.path} ${problem.message}`}>
        <button
          type="button"
          class="problem-button"
          onClick={() => {
            show(problem);
          }}
        >
          {problem.path !== '' && <span class="problem-path">{problem.path}</span>} {problem.message}
        </button>
      </li>
    ))}
  </ul>
);

const WORDS = { checking: 'CREATED', valid: 'COMPLETED', wrong: 'FAILED', unchecked: 'OPEN' } as const;

const sentenceOf = (verdict: Verdict): string => {
  if (verdict.kind === 'checking') return 'Checking …';
  if (verdict.kind === 'unchecked') return 'It could not be checked.';
  if (verdict.kind === 'wrong') return `${plural(verdict.problems.length, 'problem')} to mend. Choose one to see its place.`;
  const { totalTasks, totalDependencies } = verdict.valid;
  return `The scheduler would take it: ${plural(totalTasks, 'task')}, ${plural(totalDependencies, 'dependency', 'dependencies')}.`;
};

const Judged = ({ verdict, show }: { readonly verdict: Verdict; readonly show: (problem: Problem) => void }) => (
  <div class="stack">
    <p class="verdict" role="status">
      <StatusShape look={lookOf(WORDS[verdict.kind])} size={16} /> {sentenceOf(verdict)}
    </p>
    {verdict.kind === 'wrong' && <Problems problems={verdict.problems} show={show} />}
    {verdict.kind === 'unchecked' && <Failure error={verdict.error} />}
  </div>
);

const useSubmission = (json: string | undefined) => {
  const [sending, setSending] = useState(false);
  const keyOf = useMemo(createKeyOf, []);
  const submit = async (): Promise<void> => {
    if (json === undefined) return;
    setSending(true);
    try {
      const dag = await api.submit(json, keyOf(json));
      tell(`${dag.dagName} was submitted`);
      go(dagPath(dag.dagId));
    } catch (error) {
      tellFailure('Not submitted', error, 'It may have been taken all the same: submit it again as it is, and it won’t run twice.');
      setSending(false);
    }
  };
  return { sending, submit };
};

export const Submit = () => {
  const [format, setFormat] = useState<Format>(EXAMPLES[0]!.format);
  const [text, setText] = useState(EXAMPLES[0]!.text);
  const editor = useRef<EditorHandle>(undefined);
  const verdict = useVerdict(text, format);
  const parsed = useMemo(() => parse(text, format), [text, format]);
  const lastTasks = useRef(tasksIn(undefined));
  // While a word is half written the graph stays as it was.
  if (parsed.kind === 'parsed') lastTasks.current = tasksIn(parsed.value);
  const { sending, submit } = useSubmission(parsed.kind === 'parsed' ? parsed.json : undefined);
  return (
    <Page
      title="Submit a DAG"
      actions={
        <button type="button" class="button button-main" disabled={sending || verdict.kind !== 'valid'} onClick={() => void submit()}>
          {sending ? 'Submitting …' : 'Submit'}
        </button>
      }
    >
      <Chooser
        format={format}
        change={(next) => {
          editor.current?.write(converted(text, format, next));
          setFormat(next);
        }}
        load={(example) => {
          setFormat(example.format);
          editor.current?.write(example.text);
        }}
      />
      <div class="split">
        <section class="stack" aria-label="The DAG as text">
          <CodeEditor
            label="The DAG as text"
            language={format}
            initial={text}
            changed={setText}
            marks={verdict.kind === 'wrong' ? verdict.problems : NO_MARKS}
            handle={(made) => {
              editor.current = made;
            }}
          />
        </section>
        <section class="card stack" aria-labelledby="preview">
          <h2 id="preview">As a graph</h2>
          <Judged
            verdict={verdict}
            show={({ from, to }) => {
              editor.current?.show(from, to);
            }}
          />
          <Preview tasks={lastTasks.current} />
        </section>
      </div>
    </Page>
  );
};

const NO_MARKS: readonly Problem[] = [];
