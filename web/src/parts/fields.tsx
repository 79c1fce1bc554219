/** Fields of forms and filters, each with its label. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { inputOfIso, isoOfInput } from './localTime';

const SETTLED_MS = 300;

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly placeholder?: string;
}

/** Tells what was typed when the typing pauses. */
export const SearchField = ({ label, value, change, placeholder }: TextProps) => {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    setText(value);
  }, [value]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
    },
    [],
  );
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        onInput={({ currentTarget }) => {
          const next = currentTarget.value;
          setText(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            change(next);
          }, SETTLED_MS);
        }}
      />
    </label>
  );
};

export const TextField = ({ label, value, change, placeholder }: TextProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      type="text"
      value={value}
      placeholder={placeholder}
      onInput={({ currentTarget }) => {
        change(currentTarget.value);
      }}
    />
  </label>
);

interface NumberProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly min?: number;
  readonly step?: string;
  /** What is wrong with it; undefined where nothing is. */
  readonly problem?: string | undefined;
}

export const NumberField = ({ label, value, change, min = 0, step = '1', problem }: NumberProps) => {
  const id = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        min={min}
        step={step}
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : id}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
      {problem !== undefined && (
        <span id={id} class="field-hint field-problem" role="status">
          {problem}
        </span>
      )}
    </label>
  );
};

/** A moment in the reader's zone; its value is ISO 8601, '' for none. */
export const MomentField = ({ label, value, change }: TextProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      type="datetime-local"
      value={inputOfIso(value)}
      onChange={({ currentTarget }) => {
        change(isoOfInput(currentTarget.value));
      }}
    />
  </label>
);

export const CheckField = ({ label, value, change }: TextProps) => (
  <label class="check-field">
    <input
      type="checkbox"
      checked={value !== ''}
      onChange={({ currentTarget }) => {
        change(currentTarget.checked ? 'yes' : '');
      }}
    />
    <span>{label}</span>
  </label>
);

interface JsonProps extends TextProps {
  /** What is wrong with it; undefined where nothing is. */
  readonly problem: string | undefined;
  readonly hint: string;
}

/** A text that is JSON, with what is wrong with it, or what is to be known of it. */
export const JsonField = ({ label, value, change, placeholder, problem, hint }: JsonProps) => {
  const id = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        rows={Math.min(12, Math.max(4, value.split('\n').length + 1))}
        spellcheck={false}
        value={value}
        placeholder={placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={id}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
      <span id={id} class={problem === undefined ? 'field-hint' : 'field-hint field-problem'} role="status">
        {problem ?? hint}
      </span>
    </label>
  );
};

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (readonly [T, string])[];
  readonly change: (value: T) => void;
}

export const ChoiceField = <T extends string>({ label, value, choices, change }: ChoiceProps<T>) => (
  <label class="field">
    <span>{label}</span>
    <select
      value={value}
      onChange={({ currentTarget }) => {
        change(currentTarget.value as T);
      }}
    >
      {choices.map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </select>
  </label>
);
