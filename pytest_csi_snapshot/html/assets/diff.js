// What differs between two texts, line by line. No DOM.

const MOST = 1500; // lines; above that both are told whole

/** Lines as {sign, text}: " " in both, "-" only before, "+" only after. */
export function difference(before, after) {
  const a = lines(before);
  const b = lines(after);
  if (a.length > MOST || b.length > MOST) return [...a.map(line("-")), ...b.map(line("+"))];
  const common = table(a, b);
  const found = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push({ sign: " ", text: a[i] });
      i += 1;
      j += 1;
    } else if (common[i + 1][j] >= common[i][j + 1]) {
      found.push({ sign: "-", text: a[i] });
      i += 1;
    } else {
      found.push({ sign: "+", text: b[j] });
      j += 1;
    }
  }
  return [...found, ...a.slice(i).map(line("-")), ...b.slice(j).map(line("+"))];
}

function line(sign) {
  return (text) => ({ sign, text });
}

function lines(text) {
  return text ? text.replace(/\n$/, "").split("\n") : [];
}

/** Length of the longest common run of lines of both from each pair of lines on. */
function table(a, b) {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  return common;
}
