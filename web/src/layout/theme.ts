/** Dark or light: the system's preference until the reader chooses. public/theme.js reads the choice before the first paint. */
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const chosen = document.documentElement.dataset['theme'];

export const theme = signal<Theme>(chosen === 'light' || chosen === 'dark' ? chosen : 'system');

/** The choice after this one. */
export const nextTheme = (current: Theme): Theme => (current === 'system' ? 'dark' : current === 'dark' ? 'light' : 'system');

export const chooseTheme = (next: Theme): void => {
  theme.value = next;
  if (next === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  try {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
};
