using System.Globalization;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>Chromium without a window, with a profile of its own that is gone afterwards.</summary>
internal sealed class Browser : IDisposable
{
    private readonly TemporaryFolder _profile = new();
    private readonly ChromeDriver _driver;

    public Browser()
    {
        var options = new ChromeOptions { BinaryLocation = Program };
        options.AddArguments(
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", $"--user-data-dir={_profile.Path}");
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        _driver = new ChromeDriver(ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(Driver), Path.GetFileName(Driver)), options, TimeSpan.FromMinutes(3));
    }

    public static string? Program { get; } = Find("chromium", "google-chrome", "chrome.exe");

    public static string? Driver { get; } = Find("chromedriver", "chromedriver.exe");

    /// <summary>What the page has complained of so far.</summary>
    public IEnumerable<string> Complaints => _driver.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message);

    /// <summary>Opens a file as a screen, or paper, of a width shows it.</summary>
    public void Open(string file, int width, string colorScheme = "light", string medium = "screen")
    {
        _driver.ExecuteCdpCommand("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = 844, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        _driver.ExecuteCdpCommand("Emulation.setEmulatedMedia", new()
        {
            ["media"] = medium,
            ["features"] = new[] { new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = colorScheme } },
        });
        _driver.Navigate().GoToUrl(new Uri(file));
    }

    /// <summary>What a script returns.</summary>
    public object? Run(string script) => _driver.ExecuteScript(script);

    /// <summary>A whole number that a script returns.</summary>
    public int Number(string script) => Convert.ToInt32(Run(script), CultureInfo.InvariantCulture);

    /// <summary>The texts that a selector finds.</summary>
    public string[] Texts(string selector) => [.. _driver.FindElements(By.CssSelector(selector)).Select(element => element.GetDomProperty("textContent")!)];

    /// <summary>The button with a text.</summary>
    public IWebElement Button(string text) => _driver.FindElement(By.XPath($"//button[.='{text}']"));

    public void Dispose()
    {
        _driver.Quit();
        _driver.Dispose();
        _profile.Dispose();
    }

    private static string? Find(params string[] names) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}
