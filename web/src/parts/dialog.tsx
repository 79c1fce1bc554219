/** Dialogs: the browser's own, which keep the focus inside and close on Escape. The focus goes back to where it was. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Asked } from '../api/client';
import { givenBy, problemOf, typedAtFirst, type AskedField, type Typed } from './asked';
import { AskedFields } from './askedFields';
import { giveBack, wayTo } from './focus';
import { Toasts, useLayer } from './toasts';

interface DialogProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** For what needs room, and is looked at more than answered. */
  readonly large?: boolean;
}

/** Open as long as it is there. */
export const Dialog = ({ title, close, children, large = false }: DialogProps) => {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  const isGone = useRef(false);
  useLayer(id);
  // Before the next frame: a key that follows at once is meant for it.
  useLayoutEffect(() => {
    const dialog = element.current!;
    const way = wayTo(document.activeElement);
    dialog.showModal();
    return () => {
      isGone.current = true;
      // A dialog that is taken away while it is open gives no focus back, and one that is closed only to what is still there.
      dialog.close();
      giveBack(way);
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={large ? 'dialog dialog-large' : 'dialog'}
      aria-labelledby={id}
      onClose={() => {
        if (!isGone.current) close();
      }}
      onClick={(event) => {
        // What surrounds a dialog belongs to the dialog itself.
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          {large && (
            <button type="button" class="button-plain" aria-label="Close the dialog" onClick={close}>
              ✕
            </button>
          )}
        </div>
        {children}
      </div>
      <Toasts layer={id} />
    </dialog>
  );
};

export interface Question {
  readonly title: string;
  /** What will happen, and what won't. */
  readonly text: ComponentChildren;
  /** What the button says: the verb itself, never "OK". */
  readonly verb: string;
  /** For what can't be undone. */
  readonly danger?: boolean;
  /** Leaves out who asks and why, where the API doesn't take it. */
  readonly plain?: boolean;
  readonly fields?: readonly AskedField[];
}

/** What was asked for, and why that wasn't done. */
export interface Refused {
  readonly answered: Answered;
  readonly why: string;
}

interface Open extends Question {
  readonly refused: Refused | undefined;
  readonly answer: (answered: Answered | undefined) => void;
}

export interface Answered {
  readonly asked: Asked;
  /** What the fields were filled with, to ask once more. */
  readonly typed: Typed;
}

const asking = signal<Open | undefined>(undefined);

/** Asks for what an action needs, once more where it wasn't done; undefined where it was thought better of. */
export const askFor = (question: Question, refused?: Refused): Promise<Answered | undefined> =>
  new Promise((resolve) => {
    asking.value = {
      ...question,
      refused,
      answer: (answered) => {
        asking.value = undefined;
        resolve(answered);
      },
    };
  });

/** Asks before something is done: who asks and why, and what the fields say; undefined where it was thought better of. */
export const confirm = async (question: Question): Promise<Asked | undefined> => (await askFor(question))?.asked;

const NAME_KEY = 'askedBy';

const WhoAndWhy = ({ asked, change }: { readonly asked: Asked; readonly change: (asked: Asked) => void }) => (
  <div class="fields">
    <label class="field">
      <span>Your name (optional, for the history)</span>
      <input
        type="text"
        maxLength={128}
        autoComplete="name"
        value={asked.by ?? ''}
        onInput={({ currentTarget }) => {
          change({ ...asked, by: currentTarget.value });
        }}
      />
    </label>
    <label class="field">
      <span>Reason (optional)</span>
      <input
        type="text"
        maxLength={1_000}
        value={asked.reason ?? ''}
        onInput={({ currentTarget }) => {
          change({ ...asked, reason: currentTarget.value });
        }}
      />
    </label>
  </div>
);

const given = ({ by = '', reason = '' }: Asked): Asked => ({
  ...(by.trim() === '' ? {} : { by: by.trim() }),
  ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
});

const stored = (): string => {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
};

const store = (name: string): void => {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // Without storage the name is asked for again.
  }
};

const NO_FIELDS: readonly AskedField[] = [];

const Confirmation = ({ title, text, verb, danger = false, plain = false, fields = NO_FIELDS, refused, answer }: Open) => {
  const [asked, change] = useState<Asked>(refused?.answered.asked ?? { by: stored() });
  const [typed, type] = useState<Typed>(() => refused?.answered.typed ?? typedAtFirst(fields));
  const isWrong = fields.some((field) => problemOf(field, typed[field.name] ?? '') !== undefined);
  const cancel = (): void => {
    answer(undefined);
  };
  return (
    <Dialog title={title} close={cancel}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const who = plain ? {} : given(asked);
          if (who.by !== undefined) store(who.by);
          answer({ asked: { ...who, ...givenBy(fields, typed) }, typed });
        }}
      >
        <div class="dialog-text">{text}</div>
        {refused !== undefined && (
          <p class="refused" role="alert">
            {refused.why}
          </p>
        )}
        {fields.length > 0 && <AskedFields fields={fields} typed={typed} change={type} />}
        {!plain && <WhoAndWhy asked={asked} change={change} />}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={cancel}>
            Keep it as it is
          </button>
          <button type="submit" disabled={isWrong} class={danger ? 'button button-danger' : 'button button-main'}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
};

/** Where `confirm` appears: once in the layout. */
export const Confirmations = () => (asking.value === undefined ? null : <Confirmation key={asking.value.title} {...asking.value} />);
