/** A name that may be broken where its parts meet, so that a narrow column breaks no word. */
import { Fragment } from 'preact';

const PARTS = /(?<=[_./:-])/;

export const Name = ({ text }: { readonly text: string }) => (
  <>
    {text.split(PARTS).map((part, i) => (
      <Fragment key={i}>
        {i > 0 && <wbr />}
        {part}
      </Fragment>
    ))}
  </>
);
