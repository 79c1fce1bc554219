/** States to choose from: any number of them, none for all. */
import { StatusShape } from './badge';
import { lookOf } from './status';

interface ChipsProps {
  readonly label: string;
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly toggle: (status: string) => void;
}

export const StatusChips = ({ label, all, chosen, toggle }: ChipsProps) => (
  <div class="chips" role="group" aria-label={label}>
    {all.map((status) => (
      <button
        key={status}
        type="button"
        class="chip"
        aria-pressed={chosen.includes(status)}
        onClick={() => {
          toggle(status);
        }}
      >
        <StatusShape look={lookOf(status)} size={12} />
        {lookOf(status).word}
      </button>
    ))}
  </div>
);
