import { carryOut, type Action } from './actions';
import type { Withheld } from './commands';

interface ActionButtonsProps {
  readonly actions: readonly Action[];
  readonly withheld: readonly Withheld[];
  /** Called once something was done. */
  readonly done: (key: string) => void;
  readonly small?: boolean;
}

/** Whoever goes on to something else has read it. */
const leave = ({ currentTarget, relatedTarget }: { currentTarget: HTMLDetailsElement; relatedTarget: EventTarget | null }): void => {
  if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) currentTarget.open = false;
};

const escape = (event: { currentTarget: HTMLDetailsElement; key: string; stopPropagation: () => void }): void => {
  if (event.key !== 'Escape' || !event.currentTarget.open) return;
  event.currentTarget.open = false;
  event.stopPropagation();
};

/** A button for each; what can't be undone looks like the others, and asks in its dialog. */
export const ActionButtons = ({ actions, withheld, done, small = false }: ActionButtonsProps) => (
  <div class="row" role="group" aria-label="Actions">
    {actions.map((action) => (
      <button
        key={action.key}
        type="button"
        class={small ? 'button button-small' : 'button'}
        data-action={action.key}
        onClick={() => {
          void carryOut(action).then((was) => {
            if (was) done(action.key);
          });
        }}
      >
        {action.verb}
      </button>
    ))}
    {withheld.length > 0 && (
      // One that lies over others goes by itself; one that moves them would take a button away from under the pointer.
      <details class="withheld" onFocusOut={small ? undefined : leave} onKeyDown={escape}>
        <summary class="button-plain">Not possible now</summary>
        <dl class="withheld-list">
          {withheld.map(({ verb, why }) => (
            <div key={verb}>
              <dt>{verb}</dt>
              <dd>{why}</dd>
            </div>
          ))}
        </dl>
      </details>
    )}
  </div>
);
