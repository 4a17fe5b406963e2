// Draw what is to be drawn, make each slide fit, and start. window.deckReady tells the tests.
window.deckReady = (async () => {
  const slides = document.querySelector(".slides");
  // reveal.js hides all slides but one, and what is hidden can't be measured.
  document.body.classList.add("measuring");
  mermaid.initialize({ startOnLoad: false, theme: "neutral", fontSize: 18 });
  await mermaid.run({ querySelector: "pre.mermaid" });
  if (window.MathJax) await MathJax.startup.promise.then(() => MathJax.typesetPromise([slides]));
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  for (const slide of slides.querySelectorAll("section > section")) fit(slide);
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true, slideNumber: "h.v", controlsTutorial: false,
    transition: "none", backgroundTransition: "none", plugins: [RevealNotes],
  });
})();

// The largest of a few sizes in which all of a slide is seen. What was printed keeps its lines whole beyond 1,
// and so does a command beyond 1.2.
function fit(slide) {
  for (const size of [1.5, 1.35, 1.2, 1.1, 1, 0.92, 0.84, 0.76, 0.68, 0.6]) {
    slide.style.setProperty("--size", size);
    if (!overflows(slide) && (size <= 1 || !breaks(slide, size <= 1.2 ? "pre.printed" : "pre"))) return;
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
