/** Short messages about what was done; they leave by themselves, errors don't. */
import { signal } from '@preact/signals';
import { toldOf } from '../api/problem';

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

/** Says that something failed, and why. */
export const tellFailure = (doing: string, error: unknown): void => {
  const { title, detail, remedy } = toldOf(error);
  show({ tone: 'bad', title: `${doing}: ${title}`, detail: detail === title ? remedy : `${detail} ${remedy}` });
};

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(({ id, tone, title, detail }) => (
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
