// Draw the diagrams. On a dark page the theme turns their colours over.
mermaid.initialize({ startOnLoad: false, theme: "neutral" });
mermaid.run({ querySelector: "pre.mermaid" });
