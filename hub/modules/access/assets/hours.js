// Copies Monday's times to the other working days.

const EDGES = ["opens", "pause", "resume", "closes"];

document.querySelector("[data-copy-day]")?.addEventListener("click", () => {
  const box = (day, edge) => document.querySelector(`input[name="day${day}_${edge}"]`);
  for (const edge of EDGES) {
    for (let day = 1; day < 5; day += 1) box(day, edge).value = box(0, edge).value;
  }
});
