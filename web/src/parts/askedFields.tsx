/** The fields of a question, for whoever answers it. */
import { isLeft, problemOf, type AskedField, type Typed } from './asked';
import { CheckField, JsonField, MomentField, NumberField } from './fields';

interface FieldProps {
  readonly field: AskedField;
  readonly text: string;
  readonly change: (text: string) => void;
}

const Field = ({ field, text, change }: FieldProps) => {
  const shared = { label: field.label, value: text, change };
  const problem = problemOf(field, text);
  switch (field.kind) {
    case 'json': {
      const more = field.placeholder === undefined ? {} : { placeholder: field.placeholder };
      return <JsonField {...shared} {...more} problem={problem} hint={isLeft(field, text) ? field.hint : 'Changed: this one is sent.'} />;
    }
    case 'moment':
      return <MomentField {...shared} />;
    case 'number':
      return <NumberField {...shared} problem={problem} {...(field.whole === true ? { min: 1 } : { min: 0.1, step: 'any' })} />;
    case 'check':
      return <CheckField {...shared} />;
  }
};

interface FieldsProps {
  readonly fields: readonly AskedField[];
  readonly typed: Typed;
  readonly change: (typed: Typed) => void;
}

export const AskedFields = ({ fields, typed, change }: FieldsProps) => (
  <div class="fields">
    {fields.map((field) => (
      <Field
        key={field.name}
        field={field}
        text={typed[field.name] ?? ''}
        change={(text) => {
          change({ ...typed, [field.name]: text });
        }}
      />
    ))}
  </div>
);
