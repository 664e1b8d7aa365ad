using System.Reflection;
using Runner;
using Xunit.Sdk;

// Runner <assembly> <log> <part>/<parts>: runs a part of the xunit tests of an assembly beside this program, class by class and one after
// the other, and writes what became of them.
var name = AssemblyName.GetAssemblyName(Path.Combine(AppContext.BaseDirectory, args[0]));
using var framework = new XunitTestFramework(new NullMessageSink());
using var discoverer = framework.GetDiscoverer(Reflector.Wrap(Assembly.Load(name)));
using var discovered = new Discovery();
discoverer.Find(includeSourceInformation: false, discovered, new Options());
discovered.Finished.WaitOne();

var part = args[2].Split('/').Select(int.Parse).ToArray();
var classes = discovered.Tests.Select(test => test.TestMethod.TestClass.Class.Name).Distinct().Order(StringComparer.Ordinal).ToList();
var tests = discovered.Tests.Where(test => classes.IndexOf(test.TestMethod.TestClass.Class.Name) % part[1] == part[0] - 1).ToList();

using var log = new StreamWriter(args[1]) { AutoFlush = true };
using var results = new Results(log);
using var executor = framework.GetExecutor(name);
executor.RunTests(tests, results, new Options());
results.Finished.WaitOne();
log.WriteLine(results.Counts);
