'use strict';
{
    const table = document.querySelector('table');
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    const unknown = '\u2013';

    const key = (row, column, isNumber) => {
        const text = row.cells[column].textContent.trim();
        if (!isNumber) return text;
        return text === '\u221e' ? Infinity : text === unknown ? -Infinity : Number(text);
    };

    const sort = (column) => {
        const isNumber = headings[column].classList.contains('number');
        const now = headings[column].getAttribute('aria-sort');
        // Of numbers the largest are looked for, but not of positions.
        const first = isNumber && column > 0 ? 'descending' : 'ascending';
        const order = now === null ? first : now === 'ascending' ? 'descending' : 'ascending';
        const sign = order === 'ascending' ? 1 : -1;
        const rows = [...body.rows].map((row) => [key(row, column, isNumber), row]);
        rows.sort(([a], [b]) => sign * (isNumber ? (a === b ? 0 : a - b) : a.localeCompare(b, 'en', { numeric: true })));
        body.append(...rows.map(([, row]) => row));
        headings.forEach((heading) => heading.removeAttribute('aria-sort'));
        headings[column].setAttribute('aria-sort', order);
    };

    headings.forEach((heading, column) => heading.querySelector('button').addEventListener('click', () => sort(column)));
}
