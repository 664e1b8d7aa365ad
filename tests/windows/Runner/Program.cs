using System.Reflection;
using Runner;
using Xunit.Sdk;

// Runner <assembly> <log> <claims>: runs xunit tests of an assembly beside this program, one after the other, and writes what became of
// them. Several runners at the same time share the work: each takes the next class that no other has claimed in the folder of claims.
var name = AssemblyName.GetAssemblyName(Path.Combine(AppContext.BaseDirectory, args[0]));
using var framework = new XunitTestFramework(new NullMessageSink());
using var discoverer = framework.GetDiscoverer(Reflector.Wrap(Assembly.Load(name)));
using var discovered = new Discovery();
discoverer.Find(includeSourceInformation: false, discovered, new Options());
discovered.Finished.WaitOne();

using var log = new StreamWriter(args[1]) { AutoFlush = true };
using var results = new Results(log);
using var executor = framework.GetExecutor(name);
// The classes of many tests come first, so that the runners end at about the same time.
var classes = discovered.Tests.GroupBy(test => test.TestMethod.TestClass.Class.Name)
    .OrderByDescending(tests => tests.Count()).ThenBy(tests => tests.Key, StringComparer.Ordinal);
foreach (var tests in classes.Where(tests => IsClaimed(tests.Key)))
{
    executor.RunTests(tests, results, new Options());
    results.Finished.WaitOne();
}
log.WriteLine(results.Counts);

bool IsClaimed(string testClass)
{
    try
    {
        using var claim = new FileStream(Path.Combine(args[2], testClass), FileMode.CreateNew);
        return true;
    }
    catch (IOException)
    {
        return false;
    }
}
