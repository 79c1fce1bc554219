import { render } from 'preact';
import { App } from './app';
import { keepFocus } from './parts/focus';
import './look/tokens.css';
import './look/base.css';
import './look/parts.css';
import './look/pages.css';

keepFocus();
render(<App />, document.getElementById('app')!);
