// Before the first paint, so that a page chosen dark never flashes white. web/src/layout/theme.ts writes what is read here.
try {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be switched off: the system's preference decides then.
}
