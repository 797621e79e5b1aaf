// Runs before the first paint: "auto" follows the system, and keeps following it.
const root = document.documentElement;
if (root.dataset.theme === "auto") {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
    document.dispatchEvent(new Event("themechange"));
  };
  follow();
  dark.addEventListener("change", follow);
}
