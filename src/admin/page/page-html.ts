// The live page's skeleton. What is in it by itself is what is seen before the first snapshot comes.

export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>millrace</title>
<style>{{style}}</style>
</head>
<body>
<header>
  <h1 id="name">millrace</h1>
  <span id="state" class="badge">connecting</span>
  <span id="uptime"></span>
  <button id="pause" type="button" aria-pressed="false">Pause</button>
</header>
<main id="main">
  <p id="banner" role="status">Waiting for the first snapshot.</p>
  <section aria-label="Figures">
    <dl id="figures"></dl>
    <figure>
      <svg id="history" viewBox="0 0 240 48" preserveAspectRatio="none" role="img" aria-label="Records acked per second, the last two minutes"><polyline points=""></polyline></svg>
      <figcaption id="history-text">acked per second, the last two minutes</figcaption>
    </figure>
  </section>
  <section aria-label="Graph" class="scroll" tabindex="0"><svg id="graph" role="img" aria-label="Actors by thread, and the mailboxes between them; the tables below say the same"></svg></section>
  <section class="scroll" tabindex="0" aria-label="Actors">
    <table>
      <caption>Actors</caption>
      <thead><tr><th scope="col">actor</th><th scope="col">thread</th><th scope="col">per second</th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">in hand</th><th scope="col">failed</th><th scope="col">retried</th><th scope="col">last warning or error</th></tr></thead>
      <tbody id="actors"></tbody>
    </table>
  </section>
  <details>
    <summary>Mailboxes</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Mailboxes">
    <table>
      <thead><tr><th scope="col">from</th><th scope="col">to</th><th scope="col">used</th><th scope="col">of</th><th scope="col">percent</th></tr></thead>
      <tbody id="mailboxes"></tbody>
    </table>
    </div>
  </details>
</main>
<noscript><p>This page needs JavaScript; <a href="/inspect">/inspect</a> says the same as JSON.</p></noscript>
<script>{{script}}</script>
</body>
</html>
`
