import { escapeMarkup } from "./markup.ts";
import { STYLES } from "./styles.ts";

/** A page that loads nothing from anywhere. `main` and `styles` are markup as it is. */
export function renderDocument({ title, styles = "", main }: { title: string; styles?: string; main: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${STYLES}${styles}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
