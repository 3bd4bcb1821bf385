// "From here", "up to here": the place where the player of this page stands goes into the form of a part.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-clip-here]");
  const place = document.querySelector("[data-player] [data-part=place]");
  if (!button || !place) return;
  const at = Number(place.value);
  const seconds = (at % 60).toFixed(1).padStart(4, "0");
  const field = button.form.elements[button.dataset.clipHere];
  field.value = `${Math.floor(at / 60)}:${seconds}`;
  field.focus();
});
