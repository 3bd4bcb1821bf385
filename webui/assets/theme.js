// Runs before the page is drawn, so that nothing flashes: light or dark as chosen, else as the system.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  };
  dark.addEventListener("change", apply);
  document.addEventListener("pitline:theme", apply);
  apply();
})();
