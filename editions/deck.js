// Draw what is to be drawn, make each slide fit, and start. window.deckReady tells the tests.
window.deckReady = (async () => {
  const slides = document.querySelector(".slides");
  // reveal.js hides all slides but one, and what is hidden can't be measured.
  document.body.classList.add("measuring");
  // A title of two lines would lie on the boxes below it.
  const flowchart = { subGraphTitleMargin: { top: 4, bottom: 26 } };
  mermaid.initialize({ startOnLoad: false, theme: "neutral", fontSize: 18, flowchart });
  for (const [number, block] of document.querySelectorAll("pre.mermaid").entries()) await draw(block, number);
  if (window.MathJax) await MathJax.startup.promise.then(() => MathJax.typesetPromise([slides]));
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  for (const slide of slides.querySelectorAll("section > section")) fit(slide);
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true, slideNumber: "h.v", controlsTutorial: false,
    transition: "none", backgroundTransition: "none", plugins: [RevealNotes],
  });
})();

// A page is tall and a slide is wide: of a flowchart as it is and turned, the one whose words are larger.
async function draw(block, number) {
  for (const each of block.querySelectorAll("br")) each.replaceWith("<br/>");
  const text = block.textContent;
  const turned = text.replace(/^(flowchart|graph) (LR|TB|TD)/m, (_, kind, way) => `${kind} ${way === "LR" ? "TB" : "LR"}`);
  const drawings = [];
  for (const each of new Set([text, turned])) {
    const { svg } = await mermaid.render(`diagram-${number}-${drawings.length}`, each);
    const holder = document.createElement("div");
    holder.innerHTML = svg;
    const { width, height } = holder.firstChild.viewBox.baseVal;
    drawings.push({ svg: holder.firstChild, width, scale: Math.min(1150 / width, 400 / height, 1.2) });
  }
  const best = drawings.reduce((one, other) => (other.scale > 1.2 * one.scale ? other : one));
  best.svg.style.cssText = `width: calc(${best.width * best.scale}px * var(--size)); max-width: 100%;`;
  block.replaceChildren(best.svg);
}

// The largest of a few sizes in which all of a slide is seen. What was printed keeps its lines whole beyond 1,
// and so does a command beyond 1.2.
function fit(slide) {
  for (const size of [1.5, 1.35, 1.2, 1.1, 1, 0.92, 0.84, 0.76, 0.68, 0.6]) {
    slide.style.setProperty("--size", size);
    if (!overflows(slide) && (size <= 1 || !breaks(slide, size <= 1.2 ? "pre.printed" : "pre:not(.mermaid)"))) return;
  }
  slide.dataset.overflows = "";
}

function breaks(slide, kept) {
  const words = slide.matches(".words:not(:has(pre)), .deck");
  return words || [...slide.querySelectorAll(kept)].some((each) => {
    const style = getComputedStyle(each);
    const height = each.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    return height > (each.textContent.trimEnd().split("\n").length + 0.5) * parseFloat(style.lineHeight);
  });
}

// While it is measured, a slide is as high as what is in it.
function overflows(slide) {
  return slide.offsetHeight > 720 - 24 || slide.scrollWidth > 1280;
}
