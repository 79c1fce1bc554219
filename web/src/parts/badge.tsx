/** A state, as a shape with a colour and a word. */
import { lookOf, type Look } from './status';

/** The shape alone, for graphs and lists that say the word elsewhere. */
export const StatusShape = ({ look, size = 14 }: { readonly look: Look; readonly size?: number }) => (
  <svg class={`shape tone-${look.tone}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    {look.shape.filled !== undefined && <path d={look.shape.filled} fill="currentColor" fill-rule="evenodd" />}
    {look.shape.lines !== undefined && (
      <path d={look.shape.lines} fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    )}
  </svg>
);

export const StatusBadge = ({ status }: { readonly status: string }) => {
  const look = lookOf(status);
  return (
    <span class={`badge tone-${look.tone}`} data-status={status}>
      <StatusShape look={look} />
      {look.word}
    </span>
  );
};
