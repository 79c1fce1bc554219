/** Short messages about what was done; they leave by themselves, errors don't. */
import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { isUnanswered, toldOf } from '../api/problem';

interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly detail?: string;
}

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
const ids = { last: 0 };

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

const show = (toast: Omit<Toast, 'id'>): void => {
  ids.last += 1;
  const id = ids.last;
  toasts.value = [...toasts.value.slice(-3), { ...toast, id }];
  if (toast.tone === 'good')
    setTimeout(() => {
      dismiss(id);
    }, SHOWN_MS);
};

/** Says that something was done. */
export const tell = (title: string, detail?: string): void => {
  show({ tone: 'good', title, ...(detail === undefined ? {} : { detail }) });
};

/** Says that something failed, and why; where no answer came, also `doubt`: nobody knows whether it was done. */
export const tellFailure = (doing: string, error: unknown, doubt = 'It may have been done all the same.'): void => {
  const { title, detail, remedy } = toldOf(error);
  const words = [...(detail === title ? [] : [detail]), ...(isUnanswered(error) ? [doubt] : []), remedy];
  show({ tone: 'bad', title: `${doing}: ${title}`, detail: words.join(' ') });
};

const PAGE = '';
/** The page and the dialogs that are open on it, the topmost last: what lies under a dialog is neither read out nor reached. */
const layers = signal<readonly string[]>([PAGE]);

/** Has messages appear in this layer for as long as it is there, and no other lies above it. */
export const useLayer = (layer: string): void => {
  useLayoutEffect(() => {
    layers.value = [...layers.value, layer];
    return () => {
      layers.value = layers.value.filter((each) => each !== layer);
    };
  }, [layer]);
};

/** A layer's place for them: there before they are, so that they are read out. */
export const Toasts = ({ layer = PAGE }: { readonly layer?: string }) => (
  <div class="toasts" role="status" aria-live="polite">
    {(layer === layers.value.at(-1) ? toasts.value : []).map(({ id, tone, title, detail }) => (
      <div key={id} class={`toast toast-${tone}`}>
        <div>
          <p class="toast-title">{title}</p>
          {detail !== undefined && <p class="toast-text">{detail}</p>}
        </div>
        <button
          type="button"
          class="button-plain"
          aria-label="Dismiss"
          onClick={() => {
            dismiss(id);
          }}
        >
          ×
        </button>
      </div>
    ))}
  </div>
);
