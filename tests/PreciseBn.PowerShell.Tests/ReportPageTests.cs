using System.Globalization;
using OpenQA.Selenium;
using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Reports as a browser shows them.</summary>
public sealed class ReportPageTests(ReportFiles files) : IClassFixture<ReportFiles>
{
    private Browser Browser => files.Browser;

    [BrowserTheory]
    [InlineData("measured.html", 1280)]
    [InlineData("measured.html", 390)]
    [InlineData("verdicts.html", 390)]
    [InlineData("large.html", 1280)]
    [InlineData("large.html", 390)]
    public void Nothing_overflows_and_nothing_complains(string report, int width)
    {
        Browser.Open(files.PathOf(report), width);

        Assert.Equal(width, Browser.Number("return innerWidth"));
        Assert.InRange(Browser.Number("return document.documentElement.scrollWidth"), 1, width);
        Assert.Equal(0, Browser.Number($$"""
            return [...document.body.querySelectorAll(':not(svg *)')].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width > 0 && (box.left < -0.5 || box.right > {{width}} + 0.5 || element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0);
            }).length
            """));
        Assert.Empty(Browser.Complaints);
    }

    [BrowserTheory]
    [InlineData(1280, "wide")]
    [InlineData(390, "narrow")]
    public void Each_plot_is_shown_once_and_readable(int width, string styleClass)
    {
        Browser.Open(files.PathOf("measured.html"), width);

        // Drift, the channels of four layers, convergence.
        Assert.Equal(6, Browser.Number("return [...document.querySelectorAll('figure svg')].filter((svg) => svg.getBoundingClientRect().width > 0).length"));
        Assert.Equal(6, Browser.Number($"return [...document.querySelectorAll('figure svg.{styleClass}')].filter((svg) => svg.getBoundingClientRect().width > 0).length"));
        Assert.InRange(Browser.Number("return Math.min(...[...document.querySelectorAll('figure svg text')].map((text) => text.getBoundingClientRect().height).filter((height) => height > 0))"), 10, 30);
        Assert.Equal(true, Browser.Run("return document.fonts.check('12px Roboto')"));
    }

    [BrowserTheory]
    [InlineData("measured.html", "Mean shift", 4)]
    [InlineData("large.html", "Variance ratio", 6)]
    public void A_heading_sorts_and_sorts_back(string report, string heading, int column)
    {
        Browser.Open(files.PathOf(report), 1280);
        var unsorted = Column(column);

        Browser.Button(heading).Click();
        Assert.Equal(unsorted.OrderDescending(), Column(column));
        Assert.Equal("descending", Browser.Run($"return document.querySelectorAll('th')[{column - 1}].getAttribute('aria-sort')"));

        Browser.Button(heading).SendKeys(Keys.Enter);
        Assert.Equal(unsorted.Order(), Column(column));
        Assert.Single(Browser.Texts("th[aria-sort]"));

        Browser.Button("No.").SendKeys(Keys.Space);
        Assert.Equal(unsorted, Column(column));
    }

    [BrowserTheory]
    [InlineData("light", "rgb(255, 255, 255)")]
    [InlineData("dark", "rgb(18, 22, 27)")]
    public void It_is_light_or_dark_as_the_reader_likes_it(string scheme, string background)
    {
        Browser.Open(files.PathOf("measured.html"), 1280, scheme);

        Assert.Equal(background, Browser.Run("return getComputedStyle(document.body).backgroundColor"));
        Assert.Equal(Browser.Run("return getComputedStyle(document.body).color"), Browser.Run("return getComputedStyle(document.querySelector('figure text')).fill"));
    }

    // What is left of Letter and A4 between the margins that Chromium prints with.
    [BrowserTheory]
    [InlineData("measured.html", 740)]
    [InlineData("large.html", 718)]
    public void On_paper_it_is_light_and_no_number_or_heading_is_cut(string report, int width)
    {
        Browser.Open(files.PathOf(report), width, "dark", "print");

        Assert.Equal("rgb(255, 255, 255)", Browser.Run("return getComputedStyle(document.body).backgroundColor"));
        Assert.InRange(Browser.Number("return document.documentElement.scrollWidth"), 1, width);
        Assert.Equal(0, Browser.Number("""
            const range = document.createRange();
            const isCut = (node) => { range.selectNode(node); return range.getClientRects().length > 1; };
            return [...document.querySelectorAll('td.number')].filter((cell) => [...cell.childNodes].some((node) => node.nodeType === 3 && isCut(node))).length
            """));
        Assert.Equal(0, Browser.Number("return [...document.querySelectorAll('th')].filter((heading) => heading.scrollWidth > heading.clientWidth + 1).length"));
        Assert.Equal("avoid", Browser.Run("return getComputedStyle(document.querySelector('figure')).breakInside"));
    }

    [BrowserTheory]
    [InlineData(1280)]
    public void Names_are_text_whatever_they_are(int width)
    {
        Browser.Open(files.PathOf("large.html"), width);

        Assert.Equal(0, Browser.Number("return document.querySelectorAll('img').length"));
        Assert.Equal("Drift of </script><img src=x onerror=document.title='hit'>", Browser.Run("return document.title"));
        Assert.StartsWith("block.0.</script><img", Browser.Texts("td code")[0]);
        Assert.Equal(1000, Browser.Number("return document.querySelectorAll('tbody tr').length"));
        Assert.InRange(new FileInfo(files.PathOf("large.html")).Length, 1, 3_000_000);
    }

    private double[] Column(int column) => [.. Browser.Texts($"tbody td:nth-child({column})").Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
}
